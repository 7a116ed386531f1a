"""The pytest plugin, in runs of pytest of its own."""

import pytest

from fogbank import Server

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester, server: Server, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """Run a file of tests against the tests' own server."""
    monkeypatch.delenv("FOGBANK_ENDPOINT", raising=False)
    return Run(pytester, server)


class Run:
    """Runs of pytest."""

    def __init__(self, pytester: pytest.Pytester, server: Server) -> None:
        self.pytester = pytester
        self.endpoint_url = server.endpoint_url

    def __call__(self, tests: str, *arguments: str, ini: str = "") -> pytest.RunResult:
        """Run these tests; warnings are errors there as they are here."""
        self.pytester.makeini(f"[pytest]\nfilterwarnings = error\n{ini}")
        self.pytester.makepyfile(tests)
        endpoint = f"--fogbank-endpoint={self.endpoint_url}"
        return self.pytester.runpytest_inprocess("-p", "no:cacheprovider", endpoint, *arguments)


def test_code_under_test_finds_the_account_by_itself(run: Run) -> None:
    run(
        """
        import boto3

        def place_order():
            sqs = boto3.client("sqs")
            url = sqs.create_queue(QueueName="orders")["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody="one")

        def test_orders(aws):
            place_order()
            assert aws.requests("sqs", "SendMessage").one().status == 200
            assert boto3.client("sts").get_caller_identity()["Account"] == aws.account
            assert aws.client("sts").get_caller_identity()["Account"] == aws.account
        """
    ).assert_outcomes(passed=1)


def test_each_test_has_an_account_of_its_own(run: Run) -> None:
    tests = """
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_bucket(aws, number):
            s3 = aws.client("s3")
            assert s3.list_buckets()["Buckets"] == []
            s3.create_bucket(Bucket="the-same-name")
            assert len(aws.requests()) == 2
        """
    run(tests).assert_outcomes(passed=3)
    run(tests).assert_outcomes(passed=3)  # others use that server, too


def test_the_environment_is_as_before_afterwards(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_REGION", "mars-1")
    run(
        """
        import os
        import pytest

        @pytest.fixture
        def outside():
            yield
            assert os.environ["AWS_PROFILE"] == "prod"
            assert os.environ["AWS_REGION"] == "mars-1"
            assert "AWS_ENDPOINT_URL" not in os.environ

        def test_inside(outside, aws):
            assert "AWS_PROFILE" not in os.environ
            assert os.environ["AWS_REGION"] == "us-east-1"
            assert os.environ["AWS_ENDPOINT_URL"] == aws.endpoint_url
        """
    ).assert_outcomes(passed=1)


def test_time_is_frozen_for_a_test(run: Run, server: Server) -> None:
    run(
        """
        import pytest

        @pytest.mark.fogbank(freeze="2026-02-28T23:59:00Z")
        def test_end_of_month(aws):
            assert aws.clock.now().isoformat() == "2026-02-28T23:59:00+00:00"
            aws.clock.advance(60)
            assert aws.clock.now().month == 3

        @pytest.mark.fogbank(freeze=True)
        def test_here_and_now(aws):
            assert aws.clock.frozen

        @pytest.mark.fogbank(freeze=True)
        class TestAll:
            @pytest.mark.fogbank(freeze=False)
            def test_but_one(self, aws):
                assert not aws.clock.frozen

        def test_time_flows(aws):
            assert not aws.clock.frozen
        """
    ).assert_outcomes(passed=4)
    assert not server.clock.frozen
    assert abs(server.control.call("GET", "clock")["offset_seconds"]) < 1


def test_settings_are_changed_for_a_test(run: Run, server: Server) -> None:
    run(
        """
        import pytest

        @pytest.mark.fogbank(limits="enforce", validation="lenient")
        def test_marked(fogbank):
            assert fogbank.config()["limits"] == "enforce"
            assert fogbank.config()["validation"] == "lenient"

        def test_other(fogbank):
            assert fogbank.config()["limits"] == "off"
        """
    ).assert_outcomes(passed=2)
    assert server.config()["limits"] == "off"
    server.config(s3_namespace="global")


TWO = """
    import pytest

    {marker}
    @pytest.mark.parametrize("number", range(2))
    def test_queue(fogbank, number):
        sqs = fogbank.client("sqs", account="111122223333")
        assert "QueueUrls" not in sqs.list_queues()
        sqs.create_queue(QueueName="orders")
        fogbank.clock.advance(60)
    """


def test_the_state_goes_back_after_a_test(run: Run, server: Server) -> None:
    run(TWO.format(marker="@pytest.mark.fogbank(isolation='snapshot')")).assert_outcomes(passed=2)
    assert server.snapshots() == []
    assert abs(server.control.call("GET", "clock")["offset_seconds"]) < 1


def test_or_after_each_test(run: Run) -> None:
    run(TWO.format(marker=""), ini="fogbank_isolation = snapshot").assert_outcomes(passed=2)
    run(TWO.format(marker="")).assert_outcomes(passed=1, failed=1)


def test_what_cannot_be_asked_for(run: Run) -> None:
    outcome = run(
        """
        import pytest

        @pytest.mark.fogbank("2026-02-28")
        def test_words(aws): ...

        @pytest.mark.fogbank(isolation="some")
        def test_isolation(aws): ...

        @pytest.mark.fogbank(nonsense=1)
        def test_setting(aws): ...
        """
    )
    outcome.assert_outcomes(errors=3)
    outcome.stdout.fnmatch_lines(
        [
            "*the marker fogbank takes names only*",
            "*isolation is 'account' or 'snapshot', not 'some'*",
            "*unknown setting 'nonsense'*",
        ]
    )


def test_a_failure_shows_what_aws_was_called_with(run: Run) -> None:
    outcome = run(
        """
        def test_orders(aws):
            aws.client("sqs").create_queue(QueueName="orders")
            assert aws.requests("sqs", "SendMessage")

        def test_nothing(aws):
            assert False
        """
    )
    outcome.assert_outcomes(failed=2)
    outcome.stdout.fnmatch_lines(
        [
            "*no sqs SendMessage, but 1 request: sqs CreateQueue 200*",
            "*- AWS calls -*",
            "sqs CreateQueue 200 {'QueueName': 'orders'}",
            "*- AWS calls -*",
            "none",
        ]
    )


def test_without_an_endpoint_a_server_is_started_with_the_options(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOGBANK_ENDPOINT", raising=False)
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\nfogbank_options =\n"
        "    default-account = 111122223333\n    strict_answers = true\n"
    )
    pytester.makepyfile(
        """
        from fogbank import Server

        def test_it(fogbank):
            assert isinstance(fogbank, Server)
            assert fogbank.config()["default_account"] == "111122223333"
            assert fogbank.config()["s3_namespace"] == "account"
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_options_that_are_none(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfogbank_options = nonsense\n")
    pytester.makepyfile("def test_it(fogbank): ...")
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(["*fogbank_options: 'nonsense' is not name=value*"])


def test_its_fixtures_are_told(run: Run) -> None:
    outcome = run("def test_it(): ...", "--fixtures")
    outcome.stdout.fnmatch_lines(["fogbank *session scope* -- *", "aws -- *"])


def test_tests_that_do_not_ask_for_a_server_start_none(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "fogbank.process" not in sys.modules
            assert "boto3" not in sys.modules
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_marker_is_known(run: Run) -> None:
    outcome = run("def test_it(): ...", "--markers")
    outcome.stdout.fnmatch_lines(["@pytest.mark.fogbank(freeze=True | moment, *"])
