"""The journal is read as the contract spells it, and tolerates what a rule does not need."""

import pytest

from kibo_scenarios.errors import JournalError
from kibo_scenarios.evidence import Summary, decode_journal
from kibo_scenarios.moments import parse_utc

ENTRY = (
    b'{"seq":2,"at":"2026-03-02T05:00:00.000000Z","realAt":"2026-03-02T05:00:00.000000Z","tenant":1001,'
    b'"client":"sample.app","method":"POST","path":"/api/commerce/inventory/v5/inventory/deleteItems","query":"",'
    b'"operation":"deleteItems","pool":"/api/commerce/inventory/*","requestHash":"ab12",'
    b'"summary":{"items":2,"dryRun":false,"explicit":true,"allLocations":false,"locationCodes":["L1"],'
    b'"itemHashes":["a1","b2"],"records":3,"news":1},"status":200,"retryAfter":null,"jobIds":[7,8],"bytesIn":10,'
    b'"bytesOut":20,"startedAt":"2026-03-02T05:00:00.000000Z","finishedAt":"2026-03-02T05:00:00.250000Z","fault":null,'
    b'"responseLost":false}'
)
LEAST = b'{"seq":1,"at":"2026-03-02T04:59:59Z","status":404}'


def test_an_entry_is_read_as_the_contract_spells_it() -> None:
    """Times become microseconds, names become ours, and unknown keys are left aside."""
    (entry,) = decode_journal([ENTRY])
    start = parse_utc("2026-03-02T05:00:00Z")

    assert (2, start, start + 250_000, (7, 8), "1001", True) == (
        entry.seq,
        entry.started_at,
        entry.finished_at,
        entry.job_ids,
        entry.tenant,
        entry.answered,
    )
    assert Summary(
        items=2,
        dry_run=False,
        explicit=True,
        all_locations=False,
        location_codes=("L1",),
        item_hashes=("a1", "b2"),
        records=3,
    ) == (entry.summary)


def test_entries_come_in_order_of_arrival() -> None:
    """Whatever the order of the lines, and with blank ones between, the journal is in order; little is required."""
    assert [1, 2] == [entry.seq for entry in decode_journal([ENTRY, b"\n", LEAST])]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"60", 60),
        (b'"900"', 900),
        (b'"Wed, 21 Oct 2026 07:28:00 GMT"', None),
        (b"null", None),
        (b"-5", None),
        (b"1.5", None),
        ('"٣"'.encode(), None),
    ],
)
def test_only_whole_seconds_are_a_usable_retry_after(value: bytes, seconds: int | None) -> None:
    """TH-4: a header that was replaced by anything but a plain number is as good as missing."""
    (entry,) = decode_journal([LEAST.replace(b"404", b'429,"retryAfter":' + value)])

    assert seconds == entry.retry_after_s


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "journal line 2: "),
        (b'{"seq":1}', "journal line 2: Object missing required field `at`"),
        (LEAST.replace(b"404", b'"x"'), "journal line 2: Expected `int`, got `str` - at `$.status`"),
        (
            LEAST.replace(b"}", b',"summary":{"itemHashes":["a"],"productHashes":[]}}'),
            "journal line 2: there must be as many productHashes as itemHashes - at `$.summary`",
        ),
        (LEAST.replace(b"Z", b""), "journal line 2: expected a moment with its offset"),
    ],
)
def test_a_line_that_is_no_entry_is_named(line: bytes, message: str) -> None:
    """A journal that cannot be read is refused with the line and the reason."""
    with pytest.raises(JournalError) as caught:
        decode_journal([LEAST, line])

    assert message == str(caught.value)[: len(message)]
