"""``kibo-simulator config``: files are checked, what is in force is shown with who said so, fresh files are written."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator import Settings, Simulator
from kibo_simulator.cli import main, serve
from kibo_simulator.configuration import ServeSettings, read_configuration
from kibo_simulator.effective import SETTING_FLAGS
from kibo_simulator.files.yaml_places import YamlFileError
from kibo_simulator.settings_guide import SECTIONS, SETTINGS


def run(*arguments: str, **environment: str) -> Result:
    """Run a command of the program in this process."""
    return CliRunner().invoke(main, ["config", *arguments], env=environment)


def shown(*flags: str, **environment: str) -> dict[str, Any]:
    """What is in force, and who said so."""
    result = run("show", "--json", *flags, **environment)
    assert result.exit_code == 0, result.output
    return {path: (entry["value"], entry["from"]) for path, entry in json.loads(result.output).items()}


def paths(value: msgspec.Struct) -> dict[str, Any]:
    """Every setting by its path; parts of settings are sections."""
    found: dict[str, Any] = {}
    for name in value.__struct_fields__:
        part = getattr(value, name)
        if isinstance(part, msgspec.Struct):
            found |= {f"{name}.{inner}": getattr(part, inner) for inner in part.__struct_fields__}
        else:
            found[name] = part
    return found


def test_every_setting_says_what_it_is_for() -> None:
    """The guide has each path of the settings and no other; so does each section."""
    settings = Settings()
    sections = [name for name in settings.__struct_fields__ if isinstance(getattr(settings, name), msgspec.Struct)]

    assert sorted(SETTINGS) == sorted(paths(settings))
    assert sorted(SECTIONS) == sorted(sections)


def test_every_flag_of_serve_can_be_in_the_file() -> None:
    """A flag is a setting, or a key of ``serve:`` by the same name."""
    flags = {flag.name for flag in serve.params}

    assert flags == {*ServeSettings.__struct_fields__, *SETTING_FLAGS, "config"}


def test_a_fresh_file_says_what_is_so_anyway(tmp_path: Path) -> None:
    """``init``, then ``check``, then ``show``: the defaults, each from the file or left to the default."""
    file = tmp_path / "kibo.yaml"
    written, checked = run("init", str(file)), run("check", str(file))
    with_file, without = shown("--config", str(file)), shown()

    assert (written.exit_code, checked.exit_code, checked.output.startswith(f"{file}: good; ")) == (0, 0, True)
    assert read_configuration(file).settings == Settings()
    assert {path: value for path, (value, _) in with_file.items()} == {
        path: entry[0] for path, entry in without.items()
    }
    assert {by for _, by in without.values()} == {"default"}
    assert with_file["jobs.workers"][1].startswith(f"{file}:")


def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    """``init`` leaves alone what is there; without a file it prints."""
    file = tmp_path / "kibo.yaml"
    file.write_text("seed: 7\n")
    refused, printed = run("init", str(file)), run("init")

    assert (refused.exit_code, file.read_text()) == (2, "seed: 7\n")
    assert printed.output.startswith("# Configuration of kibo-simulator")


def test_flags_go_before_environment_before_file(tmp_path: Path) -> None:
    """Each value says who said it."""
    file = tmp_path / "kibo.yaml"
    file.write_text(
        "seed: 3\nstart: 2026-03-02T05:00:00Z\naccess: {auth: 'off'}\nserve: {port: 1, host: '::1', tls: true}\n"
    )
    found = shown(
        "--config", str(file), "--seed", "5", "--port", "3", "--limits", "off", "--sample", "2", "9",
        KIBO_SIMULATOR_SEED="4", KIBO_SIMULATOR_PORT="2", KIBO_SIMULATOR_AUTH="on", KIBO_SIMULATOR_CLOCK="x9",
    )  # fmt: skip

    assert {path: found[path] for path in (
        "seed", "start", "access.auth", "limits.pools", "sample.products", "sample.tenant", "serve.port", "serve.host",
        "serve.tls", "serve.clock",
    )} == {
        "seed": (5, "flag --seed"),
        "start": ("2026-03-02T05:00:00Z", f"{file}:2"),
        "access.auth": ("on", "KIBO_SIMULATOR_AUTH"),
        "limits.pools": ([], "flag --limits"),
        "sample.products": (9, "flag --sample"),
        "sample.tenant": (1001, "default"),
        "serve.port": (3, "flag --port"),
        "serve.host": ("::1", f"{file}:4"),
        "serve.tls": (True, f"{file}:4"),
        "serve.clock": ("x9", "KIBO_SIMULATOR_CLOCK"),
    }  # fmt: skip


def test_the_file_itself_may_come_from_the_environment(tmp_path: Path) -> None:
    """``KIBO_SIMULATOR_CONFIG`` stands for ``--config``, and every other flag has its variable."""
    file = tmp_path / "kibo.yaml"
    file.write_text("seed: 3\n")
    rows = tmp_path / "rows.csv"
    rows.write_text("LocationCode,PartNumber,OnHand\nL1,A,1\n")
    found = shown(KIBO_SIMULATOR_CONFIG=str(file), KIBO_SIMULATOR_INVENTORY=f"{rows}:{rows}", KIBO_SIMULATOR_TLS="1")

    assert found["seed"] == (3, f"{file}:1")
    assert found["serve.inventory"] == ([str(rows), str(rows)], "KIBO_SIMULATOR_INVENTORY")
    assert found["sample.locations"] == (0, "KIBO_SIMULATOR_INVENTORY")
    assert found["serve.tls"] == (True, "KIBO_SIMULATOR_TLS")


def test_a_snapshot_lies_below_the_file(tmp_path: Path) -> None:
    """D-2: what it says is in force unless somebody says otherwise."""
    simulator = Simulator(
        Settings(seed=8, tags=msgspec.structs.replace(Settings().tags, categories=9)), snapshots=tmp_path
    )
    simulator.snapshots.take("one", simulator.database.connection, simulator.moment())
    simulator.close()
    file = tmp_path / "kibo.yaml"
    file.write_text("tags: {categories: 5}\n")
    found = shown("--snapshot", str(tmp_path / "one.snapshot"), "--config", str(file))

    assert (found["seed"], found["tags.categories"]) == ((8, "snapshot"), (5, f"{file}:1"))
    assert found["tags.values"] == (6, "snapshot")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Secrets of tenants and the control token are masked, wherever they come from."""
    file = tmp_path / "kibo.yaml"
    file.write_text("tenants: [{tenant: 5, client_id: a, shared_secret: hush}]\nserve: {control_token: whisper}\n")
    output = run("show", "--config", str(file)).output + run("show", "--json", "--config", str(file)).output

    assert [word for word in ("hush", "whisper", "sample-secret") if word in output] == []
    assert output.count("********") == 6


def test_regions_join_those_of_the_guide(tmp_path: Path) -> None:
    """A region that is added is beside US and EU; a tenant may be there."""
    file = tmp_path / "kibo.yaml"
    file.write_text(
        "regions: {AU: {starts: '13:00', ends: '19:00'}}\n"
        "tenants: [{tenant: 5, client_id: a, shared_secret: s, region: AU}]\n"
    )

    assert sorted(read_configuration(file).settings.every_region) == ["AU", "EU", "US"]
    assert run("check", str(file)).exit_code == 0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("seed: x", ":1:7: $.seed"),
        ("tenants:\n  - {tenant: 5, client_id: a}", ":2:5: $.tenants[0]: the field shared_secret is missing"),
        (
            "tenants:\n  - {tenant: 1001, client_id: a, shared_secret: s}",
            ":2:14: $.tenants[0].tenant: 1001 is named twice",
        ),
        ("sample:\n  region: MARS", ":2:11: $.sample.region: 'MARS' is not listed; US, EU are"),
        ("sample:\n  limits: {scope: environment}", ":2:19: $.sample.limits.scope"),
        ("regions: {US: {starts: '5:00', ends: '11:00'}}", ":1:24: $.regions.US.starts: expected str matching"),
        ("regions:\n  AU: {starts: '13:00'}", ":2:3: $.regions.AU: the field ends is missing"),
        ("regions:\n  A: {starts: '13:00', ends: '14:00'}\n  'B.[0]`': 5", ":3:13: $.regions.B.[0]`: expected object"),
        ("files:\n  drop: in\n  fetch_cron: 99 * * * *", ":3:15: $.files.fetch_cron: '99 * * * *' is not a cron"),
        ("files: {name_zone: Mars}", ":1:20: $.files.name_zone: 'Mars' is not a time zone"),
        ("files:\n  outbox: ../out", ":2:11: $.files.outbox: points outside the drop point"),
        ("files:\n  export_columns:\n    - UPC\n    - Colour", ":4:7: $.files.export_columns[1]: 'Colour' is not"),
        ('sample: {name: "a\\eb"}', ":1:16: $.sample.name: has the control character U+001B in it"),
        ('sample:\n  client_id: "a\\nb"', ":2:14: $.sample.client_id: has the control character U+000A in it"),
        ('regions:\n  "A\\x7f": {starts: "05:00", ends: "06:00"}', r":2:3: $.regions.A\x7f: has the control character"),
        ('bins: {types: [Shelf, "\\u009b2J"]}', ":1:23: $.bins.types[1]: has the control character U+009B in it"),
        ('files: {outbox: "out\\n"}', ":1:17: $.files.outbox: has the control character U+000A in it"),
        ('files: {xml_item: "Item\\n"}', ":1:19: $.files.xml_item: has the control character U+000A in it"),
        ('faults:\n  - {name: "\\t", effect: {kind: reset}}', ":2:12: $.faults[0].name: has the control character U+"),
        ('faults:\n  - {id: "a\\n", effect: {kind: reset}}', ":2:10: $.faults[0].id: has the control character U+000A"),
        ("serve:\n  clock: fast", ":2:10: $.serve.clock: fast: real, manual or xN (such as x60) is expected"),
        ("serve:\n  snapshot: none.snapshot", ":2:13: $.serve.snapshot: File 'none.snapshot' does not exist"),
        ("limits:\n  pools: [{route: inventory}]", ":2:19: $.limits.pools[0].route"),
        ("serve: {port: 70000}", ":1:15: $.serve.port"),
        ("start: 2026-13-45", ":1:8: $.start: '2026-13-45' is not an ISO 8601 instant"),
        ("jobs: {base_s: 1e300}", ":1:16: $.jobs.base_s: expected float <= 86400.0"),
        ("access: {token_lifetime_s: 99999999999999999999}", ":1:28: $.access.token_lifetime_s"),
        ("inventory: {pending_sweep_s: 99999999999999999999}", ":1:30: $.inventory.pending_sweep_s"),
        ("serve: {prot: 1}", ":1:15: $.serve.prot: this field is not known here"),
        ("colour: red", ":1:9: $.colour: this field is not known here"),
        ("", "the file is empty"),
    ],
)
def test_a_fault_is_named_with_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    """``check`` says file:line:column, path and what is accepted; exit 2, no traceback."""
    file = tmp_path / "kibo.yaml"
    file.write_text(text)
    result = run("check", str(file))

    assert (result.exit_code, f"{file}" in result.output, place in result.output) == (2, True, True), result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("path", sorted(SETTINGS))
def test_each_setting_that_cannot_be_is_named_with_its_line(tmp_path: Path, path: str) -> None:
    """A fresh file with one value that no setting takes: the fault is told in that line, below that path."""
    file = tmp_path / "kibo.yaml"
    lines = run("init").output.splitlines()
    *section, name = path.split(".")
    start = next((number for number, line in enumerate(lines) if section and line == f"{section[0]}:"), 0)
    indent = "  " * len(section)
    number = next(n for n, line in enumerate(lines) if n >= start and line.startswith(f"{indent}{name}:"))
    # What belongs to it is deeper than it.
    rest = next((n for n in range(number + 1, len(lines)) if not lines[n].startswith(f"{indent} ")), len(lines))
    lines[number:rest] = [f"{indent}{name}:", f"{indent}  never: {{heard: of}}"]
    file.write_text("\n".join(lines))
    result = run("check", str(file))
    place, _, message = result.output.partition(": $.")

    assert (result.exit_code, message.startswith(path)) == (2, True), result.output
    assert place.partition(f"{file}:")[2].partition(":")[0] in {str(number + 1), str(number + 2)}, result.output


@given(
    names=st.lists(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=9), min_size=1, unique=True),
    data=st.data(),
)
@settings(deadline=None, max_examples=30)
def test_the_wrong_one_among_any_regions_is_named(names: list[str], data: st.DataObject) -> None:
    """Whatever regions are called, the first that is wrong is told with its line."""
    wrong = data.draw(st.sets(st.integers(0, len(names) - 1), min_size=1))
    with TemporaryDirectory() as folder:
        file = Path(folder, "kibo.yaml")
        good, bad = '{"starts": "05:00", "ends": "11:00"}', '{"starts": "05:00", "ends": "24:00"}'
        lines = [
            f"  {json.dumps(name, ensure_ascii=False)}: {bad if index in wrong else good}"
            for index, name in enumerate(names)
        ]
        file.write_text("\n".join(["regions:", *lines]), encoding="utf-8")
        with pytest.raises(YamlFileError) as caught:
            read_configuration(file)

    assert (caught.value.line, caught.value.path) == (min(wrong) + 2, f"$.regions.{names[min(wrong)]}.ends")


def test_what_is_wrong_together_only_says_whose_value_it_is(tmp_path: Path) -> None:
    """A file that is good by itself, and a flag that brings back the sample: the line of the file is told."""
    file = tmp_path / "kibo.yaml"
    file.write_text("tenants:\n  - {tenant: 5, client_id: sample.app, shared_secret: s}\nsample: null\n")
    result = run("show", "--config", str(file), "--sample", "1", "1")

    assert result.exit_code == 2
    assert f"$.tenants[0].client_id: sample.app is named twice (from {file}:1)" in result.output


def test_what_cannot_be_together_is_told_by_flag() -> None:
    """A flag that makes a fault is named."""
    result = run("show", "--sample", "5000000", "1")

    assert (result.exit_code, "--sample 5000000 1" in result.output) == (2, True)


def test_every_flag_says_what_it_does() -> None:
    """A fresh file has a comment for each flag."""
    assert [flag.name for flag in serve.params if isinstance(flag, click.Option) and not flag.help] == []
