"""Settings: precedence, checks, and secrets that stay out of sight."""

from pathlib import Path

import pytest

from kibo_client import Settings, SettingsError, load_settings

ENVIRONMENT = {
    "KIBO_API_HOST": "https://t1.example.com",
    "KIBO_TENANT": "1",
    "KIBO_CLIENT_ID": "app",
    "KIBO_SHARED_SECRET": "hush-hush",
}


def test_flag_beats_environment_beats_file(tmp_path: Path) -> None:
    """The order of design: flag, environment, file."""
    file = tmp_path / "kibo.toml"
    file.write_text('tenant = 3\nsite = 3\nclient_id = "file"\nrequests_per_hour = 200\n', encoding="utf-8")
    settings = load_settings({"site": 9, "client_id": None}, file=file, environment=ENVIRONMENT)

    assert (settings.site, settings.tenant, settings.client_id, settings.requests_per_hour) == (9, 1, "app", 200)


def test_unknown_limits_can_be_said(tmp_path: Path) -> None:
    """The word unknown on the command line overrides a number from further down."""
    given = {**ENVIRONMENT, "KIBO_REQUESTS_PER_MINUTE": "50"}

    assert load_settings({}, environment=given).requests_per_minute == 50
    assert load_settings({"requests_per_minute": "unknown"}, environment=given).requests_per_minute is None


def test_the_secret_is_not_shown() -> None:
    """Secrets are never in representations."""
    assert "hush-hush" not in repr(load_settings({}, environment=ENVIRONMENT))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"KIBO_API_HOST": ""}, "KIBO_API_HOST"),
        ({"KIBO_API_HOST": "t1.example.com"}, "KIBO_API_HOST"),
        ({"KIBO_API_HOST": "https://user:pw@t1.example.com"}, "KIBO_API_HOST"),
        ({"KIBO_API_HOST": "https://t1.example.com/api"}, "KIBO_API_HOST"),
        ({"KIBO_API_HOST": "http://[::1"}, "KIBO_API_HOST"),
        ({"KIBO_TENANT": "one"}, "KIBO_TENANT"),
        ({"KIBO_TENANT": "0"}, "KIBO_TENANT"),
        ({"KIBO_SHARED_SECRET": ""}, "KIBO_SHARED_SECRET"),
        ({"KIBO_REQUESTS_PER_HOUR": "0"}, "KIBO_REQUESTS_PER_HOUR"),
    ],
)
def test_a_bad_setting_is_named(change: dict[str, str], named: str) -> None:
    """The error says which variable is at fault, on one line, and repeats no secret."""
    with pytest.raises(SettingsError) as caught:
        load_settings({}, environment={**ENVIRONMENT, **change})

    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pw@" not in str(caught.value)


def test_all_that_is_missing_is_named_at_once() -> None:
    """Each with its flag and its variable; the secret has no flag."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"client_id": "app"}, environment={})

    assert str(caught.value) == (
        "api_host, tenant, shared_secret: are missing; give --api-host or KIBO_API_HOST, --tenant or KIBO_TENANT, "
        "KIBO_SHARED_SECRET (or a settings file)"
    )


@pytest.mark.parametrize("content", ["tenant = ", 'colour = "red"', "tenant = true", "client_id = 5"])
def test_a_bad_settings_file_is_named(tmp_path: Path, content: str) -> None:
    """Unknown keys and wrong types are refused with the file's name."""
    file = tmp_path / "kibo.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"kibo\.toml"):
        load_settings({}, file=file, environment={k: v for k, v in ENVIRONMENT.items() if content[:6] not in k.lower()})


def test_an_origin_is_kept_without_its_slash() -> None:
    """A trailing slash is forgiven."""
    settings = Settings(api_host="https://t1.example.com:444/", tenant=1, client_id="a", shared_secret="s")

    assert settings.api_host == "https://t1.example.com:444"
