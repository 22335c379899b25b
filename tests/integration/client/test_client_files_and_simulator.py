"""What the client makes is what the simulator takes, and what the simulator exports is what the client reads."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_client.files.items import FileItem
from kibo_client.files.making import Form, make_file
from kibo_client.files.names import Kind
from kibo_client.files.places import Folder
from kibo_client.files.uploading import upload
from kibo_client.target_file import read_targets
from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.settings import FileSettings
from kibo_simulator.store.export_settings import ExportSettingsStore

START = round(datetime(2026, 3, 2, 5, tzinfo=UTC).timestamp()) * 1_000_000
HOUR = 3_600_000_000

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F), min_size=1, max_size=8).filter(
    lambda text: text.isprintable() and bool(text.strip())
)
CODES = st.sampled_from(["ST-0001", "WH-001"])
STOCK = st.dictionaries(st.tuples(CODES, NAMES), st.integers(0, 2**31 - 1), min_size=1, max_size=6)
FORMS: st.SearchStrategy[Form] = st.sampled_from(("csv", "xml"))
CHANGES = st.integers(-500, 500)


@settings(deadline=None, max_examples=25)
@given(stock=STOCK, change=CHANGES, form=FORMS, export=st.sampled_from(["CSV", "XML"]))
def test_stock_goes_round(stock: dict[tuple[str, str], int], change: int, form: Form, export: str) -> None:
    """I-2: a Refresh and an Update from the client, picked up by their triggers, exported and read back."""
    with tempfile.TemporaryDirectory() as folder:
        drop, made = Path(folder, "drop"), Path(folder, "made")
        made.mkdir()
        now = [START]
        simulator = Simulator(
            Settings(
                sample=SampleSettings(locations=4, products=0), files=FileSettings(drop=str(drop), export_cron="")
            ),
            wall=lambda: now[0],
        )
        sent: tuple[tuple[Kind, dict[tuple[str, str], int]], ...] = (
            ("REFRESH", stock),
            ("UPDATE", dict.fromkeys(stock, change)),
        )
        for kind, quantities in sent:
            rows = [
                (line, FileItem({"LocationCode": code, "UPC": upc, "Quantity": str(quantity)}, {}))
                for line, ((code, upc), quantity) in enumerate(quantities.items(), 2)
            ]
            file = make_file(
                rows,
                source="rows",
                tenant=1001,
                kind=kind,
                form=form,
                folder=made,
                now=now[0],
            )
            anyio.run(upload, [file.data], Folder(drop / "in"))
            now[0] += HOUR
            simulator.advance()
        exports = ExportSettingsStore(simulator.database.connection)
        number = exports.add(
            1001, "all", f'{{"name":"all","fileFormat":"{export}","exportType":"LOCATION","shortenFilename":true}}'
        )
        exports.add_delivery(number, "ftp", name="out", document='{"name":"out","ftpDirectory":"out"}', secret=None)
        simulator.files.export(1001, number, (), now[0])
        now[0] += HOUR
        simulator.advance()
        held = {(record.location_code, record.upc): record.on_hand for record in simulator.stock_records(1001)}
        targets = {(target.location_code, target.upc) for target in read_targets(drop / "out" / "all.zip")}
        statuses = [job.status for job in simulator.jobs.newest(1001, location_code=None, types=(), limit=99, offset=0)]
        simulator.close()

    assert set(statuses) == {"SUCCESS"}
    assert held == {key: quantity + change for key, quantity in stock.items()}
    assert targets == set(stock)
