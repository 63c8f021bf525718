"""Makes a hub's and three offices' folders as this version of the programs writes them, with work in every state, and
keeps them as kept/VERSION.tar.xz: tests/system/kept_test.py opens what every version has kept.

    python3 tests/data/kept.py        # once a version, before it is given out; WASL_BUILD as for the system tests
"""
import json
import pathlib
import signal
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from wasl_world import World, binary  # noqa: E402

OFFICES = {"benin": "benin", "twin": "benin", "togo": "togo"}


def fill(world):
    """@return what the test must find, by office."""
    world.two_associations()
    offices = {name: world.office(name, organisation) for name, organisation in OFFICES.items()}
    benin, twin, togo = offices.values()
    project = benin.add("project", "--space", "section/africa", "title.en=Water for three towns", "title.ar=الماء لثلاث مدن", "status=pipeline")
    gone = benin.add("need", "title=Taken back")
    report = benin.add("document", "kind=report", "title=Report")
    text = world.folder / "report.txt"
    text.write_text("What was done.\n" * 2000)
    benin.ok("attach", "document", report, "file", text)
    for one in (benin, twin, togo, benin):
        one.sync()
    benin.ok("delete", "need", gone)
    benin.set("project", project, "status=implementation")
    twin.set("project", project, "status=suspended")
    for one in (benin, twin, benin):
        one.sync()
    # Held: written by a device that was revoked before it sent it.
    lost = world.office("lost", "togo")
    lost.add("need", "title=Of a lost device")
    key = lost.status()["device"]
    world.hub("revoke", key, "--reason", "lost")
    lost.wasl("sync", "--url", world.url)
    togo.add("need", "title=Not sent yet")
    togo.sql("UPDATE project SET planned_start = '2027-01-15'")
    return {name: {"projects": office.rows("SELECT id, title FROM project ORDER BY id"),
                   "needs": office.rows("SELECT id, title FROM need ORDER BY id"),
                   "conflicts": len(office.conflicts()), "unsent": office.status()["unsent"]}
            for name, office in offices.items()}


def main():
    version = subprocess.run([binary("wasl-hub"), "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    with World() as world:
        expected = fill(world)
        expected["held"] = len(world.hub("quarantine", "list")["quarantine"])
        world.stop_hub(signal.SIGTERM)
        (world.folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1))
        place = HERE / "kept" / f"{version}.tar.xz"
        place.parent.mkdir(exist_ok=True)
        with tarfile.open(place, "w:xz", preset=9) as kept:
            for name in ("expected.json", "hub", *OFFICES):
                kept.add(world.folder / name, name, filter=lambda one: None if one.name.endswith((".sock", ".lock")) else one)
        print(f"{place}: {place.stat().st_size} bytes; {expected}")


if __name__ == "__main__":
    main()
