// Preloaded before libfaketime where a test moves the clock of a running program. libfaketime takes every
// timerfd for one of the time of day, also those of the steady clock that Asio has: one that is due at once
// would wait for as long as the clock was set back (wolfcw/libfaketime, issues 378 and 431). Here they go to
// the kernel as they are.
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

extern "C" int timerfd_settime(int timer, int flags, const itimerspec* next, itimerspec* before) noexcept {
  return static_cast<int>(::syscall(SYS_timerfd_settime, timer, flags, next, before));
}
extern "C" int timerfd_gettime(int timer, itimerspec* now) noexcept {
  return static_cast<int>(::syscall(SYS_timerfd_gettime, timer, now));
}
