"""Settings come from the environment; what cannot be is one clear line."""

import pytest

from color_client.settings import Settings
from web import settings
from web.settings import BadSetting, from_environment


def test_defaults():
    assert from_environment({}, Settings) == Settings()
    assert from_environment({"PORT": "", "URL": "  "}, Settings) == Settings()


def test_every_setting_is_read():
    environment = {
        "URL": "https://gateway/seldon/default/color/v1/models/my-model:predict",
        "HOST": "127.0.0.1",
        "PORT": "80",
        "TIMEOUT_S": "2.5",
        "MAX_UPLOAD_MB": "0.5",
        "MAX_PIXELS": "1000",
        "WORKING_SIZE": "512",
        "MAX_IN_PROGRESS": "3",
        "MAX_PIXELS_IN_MEMORY": "4000",
        "MAX_UPLOAD_MB_IN_MEMORY": "7.5",
        "CLIENT_TIMEOUT_S": "20.5",
        "FEEDBACK_DB": "sqlite:////var/lib/votes.db",
        "SECRET_KEY": "a secret",
        "FEEDBACK_PER_MINUTE": "7",
        "REPORT": "True",
    }
    read = from_environment(environment, Settings)
    assert {name.upper(): str(value) for name, value in vars(read).items()} == environment
    assert read.max_upload_bytes == 500_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "²"),
        ("TIMEOUT_S", "-1"),
        ("TIMEOUT_S", "nan"),
        ("TIMEOUT_S", "ten"),
        ("MAX_UPLOAD_MB", "0"),
        ("MAX_PIXELS", "1e6"),
        ("WORKING_SIZE", "513"),
        ("MAX_IN_PROGRESS", "0"),
        ("URL", "localhost:8501/v1/models/m:predict"),
        ("URL", "ftp://host/v1/models/m:predict"),
        ("URL", "http:///v1/models/m:predict"),
        ("URL", "http://host:port/v1/models/m:predict"),
        ("URL", "http://host:99999/v1/models/m:predict"),
        ("URL", "http://[::1/v1/models/m:predict"),
        ("URL", "http://host/v1/models/m"),
        ("URL", "http://host/v1/models/m:predict?x=1"),
        ("URL", "http://user:secret@host/v1/models/m:predict"),
        ("FEEDBACK_DB", "mysql://host/votes"),
        ("FEEDBACK_DB", "sqlite://"),
        ("FEEDBACK_DB", "postgresql://host:port/votes"),
        ("FEEDBACK_PER_MINUTE", "0"),
        ("REPORT", "maybe"),
    ],
)
def test_invalid_values_are_named(name, value):
    with pytest.raises(BadSetting) as refusal:
        from_environment({name: value}, Settings)
    text = str(refusal.value)
    assert name in text and "must" in text or "bad port" in text or "Invalid" in text
    assert "\n" not in text


def test_secret_is_not_shown():
    with pytest.raises(BadSetting) as refusal:
        from_environment({"FEEDBACK_DB": "oracle://me:hush@host/votes"}, Settings)
    assert "hush" not in str(refusal.value)
    assert "hush" not in repr(from_environment({"SECRET_KEY": "hush"}, Settings))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("off", "off"),
        ("OFF", "off"),
        ("/var/lib/votes.db", "sqlite:////var/lib/votes.db"),
        ("sqlite:////var/lib/votes.db", "sqlite:////var/lib/votes.db"),
        ("postgres://me@host/votes", "postgresql+psycopg://me@host/votes"),
        ("postgresql+psycopg://me@host/votes", "postgresql+psycopg://me@host/votes"),
    ],
)
def test_where_votes_are_kept(text, url):
    assert from_environment({"FEEDBACK_DB": text}, Settings).feedback_db == url


def test_the_table_lists_every_setting():
    table = settings.markdown_table(Settings)
    for name in vars(Settings()):
        assert f"| `{name.upper()}` |" in table
        assert f"{name.upper()} (default" in settings.help_text(Settings)
