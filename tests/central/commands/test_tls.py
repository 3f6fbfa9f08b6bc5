"""Central with a certificate of its own, and a till that is told to trust it."""

from click.testing import CliRunner

from edge_agent.journal.journal import Journal
from tests.central.serving.process import serving
from tillpoints.cli import main


def enrol(folder, url, code, *, ca_file):
    """Run `tillpoints agent enrol` on a till of its own."""
    folder.mkdir()
    config = folder / "agent.toml"
    config.write_text(
        f'state = "state"\n[central]\nurl = "{url}"\nca_file = "{ca_file}"\n'
        '[printer]\nkind = "network"\naddress = "127.0.0.1:9"\n'
    )
    return CliRunner().invoke(main, ["agent", "enrol", "--config", str(config), "--code", code])


def test_a_till_speaks_only_to_a_central_whose_certificate_it_trusts(mall, certificate, tmp_path):
    text = mall.config.read_text("utf-8")
    more = f'[server]\ncertificate_file = "{certificate}"'
    mall.config.write_text(text.replace("[server]", more), encoding="utf-8")
    words = ("--name", "helu-1", "--role", "till", "--shop", "helu")
    code = mall.json("fleet", "enrol", *words)["code"]
    with serving(mall) as (_, url):
        assert url.startswith("https://")
        stranger = enrol(tmp_path / "a", url, code, ca_file="")
        assert stranger.exit_code == 5
        assert "CERTIFICATE_VERIFY_FAILED" in stranger.output
        trusting = enrol(tmp_path / "b", url, code, ca_file=certificate)
        assert trusting.exit_code == 0, trusting.output
        with Journal.open(tmp_path / "b" / "state") as journal:
            assert journal.identity().central_url == url
