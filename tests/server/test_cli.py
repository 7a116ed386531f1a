"""`fogbank serve`: what its words become."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.process import arguments
from runtime.settings import Config, Settings
from server import cli
from server.options import OPTIONS


def chosen(*words: str, **variables: str) -> Settings:
    return cli.choose(words, variables)


def test_nothing_said_is_the_defaults() -> None:
    assert chosen() == Settings()


def test_words_become_settings() -> None:
    settings = chosen(
        *("--host", "0.0.0.0,::", "--port=0", "--data", "~/state", "--listen", "[::1]:443"),
        *("--region", "eu-west-1", "--limits", "enforce", "--services", "sqs,s3", "--services=sts"),
        *("--seed", "7", "--eager", "--no-strict-answers", "--port-file", "p.json"),
    )
    assert settings == Settings(
        hosts=["0.0.0.0", "::"],
        port=0,
        data=Path("~/state").expanduser(),
        more_listeners=[("::1", 443)],
        region="eu-west-1",
        services=["sqs", "s3", "sts"],
        seed=7,
        eager=True,
        port_file=Path("p.json"),
        config=Config(limits="enforce"),
    )


def test_variables_are_the_same_and_words_have_the_last_one() -> None:
    assert chosen(FOGBANK_PORT="5000", FOGBANK_LIMITS="enforce").port == 5000
    assert chosen(FOGBANK_LIMITS="enforce").config.limits == "enforce"
    assert chosen("--port", "1", FOGBANK_PORT="5000").port == 1
    assert chosen(FOGBANK_EAGER="yes").eager
    assert not chosen("--no-eager", FOGBANK_EAGER="yes").eager


def test_debug_is_a_level_of_the_log() -> None:
    assert chosen("--debug").log_level == "debug"
    assert chosen(FOGBANK_DEBUG="1").log_level == "debug"


def test_iam_is_not_there_and_says_so() -> None:
    settings = chosen("--iam", "enforce")
    assert settings.config.iam == "off"
    assert settings.warnings == [
        "iam=enforce has no effect: policies are not evaluated in this version"
    ]


def test_a_certificate_switches_tls_on() -> None:
    assert chosen("--tls-certificate", "c", "--tls-key", "k").tls


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--prt", "1"], "'--prt' is not an option; did you mean --port?"),
        (["start"], "'start' is not an option"),
        (["no-tls"], "'no-tls' is not an option"),
        (["--port", "abc"], "'abc' is not a port"),
        (["--port", "70000"], "'70000' is not a port"),
        (["--port"], "expected one argument"),
        (["--iam", "maybe"], "'maybe' is not one of off, audit, enforce"),
        (["--tls=1"], "argument --tls/--no-tls: ignored explicit argument '1'"),
        (["--default-account", "12"], "12 digits"),
        (["--tls-key", "k"], "--tls-certificate and --tls-key go together"),
    ],
)
def test_what_cant_be_is_one_clear_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.choose(words, {})
    assert ending.value.code == 2
    assert complaint in capsys.readouterr().err.splitlines()[-1]


def test_a_variable_that_cant_be_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.choose([], {"FOGBANK_PORT": "abc"})
    assert capsys.readouterr().err == "fogbank: FOGBANK_PORT: 'abc' is not a port (0 to 65535)\n"


def test_help_names_each_option_and_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.choose(["--help"], {})
    assert ending.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for option in OPTIONS:
        assert f"--{option.name}" in text
        assert f"[{option.variable}]" in text


words = st.lists(
    st.one_of(
        st.sampled_from(
            ["--port=1", "--port", "2", "--eager", "--no-eager", "--services", "sqs,s3", "--debug"]
        ),
        st.sampled_from(
            ["--services=a", "--iam=off", "--listen=:1", "--hostname", "x", "--seed=-1"]
        ),
    ),
    max_size=6,
)


@given(words)
def test_the_quick_reading_says_what_the_thorough_one_does(given_words: list[str]) -> None:
    quick = cli.quick(given_words)
    if quick is not None:
        assert quick == cli.thorough(given_words)


def test_what_the_library_writes_is_read_quickly() -> None:
    options = {"port": 0, "services": ["sqs", "s3"], "eager": True, "tls": False, "data": None}
    assert cli.quick(arguments(options)) == {
        "port": 0,
        "services": ["sqs", "s3"],
        "eager": True,
        "tls": False,
    }
