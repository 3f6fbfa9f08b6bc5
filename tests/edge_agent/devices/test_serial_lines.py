"""Serial lines are called by names that last over replugs, and a swap is a question."""

import pytest

from edge_agent.devices import serial_lines
from edge_agent.devices.inventory import inventory
from edge_agent.devices.serial_lines import Line, lasting_names
from edge_agent.devices.sources import Match, NotFoundError, Source


@pytest.fixture
def links(tmp_path):
    def link(name, target):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(target)
        return str(tmp_path / name)

    link.folder = tmp_path
    return link


def line(node, serial):
    return Source("serial", node, "1eab", "1d06", serial, "1-1", "Newland FM430")


def nodes(lines, links):
    return [named.node for named in lasting_names(lines, links.folder)]


def test_a_line_with_a_serial_number_is_called_by_its_id(links):
    by_id = links("by-id/usb-Newland_FM430_S1-if00", "/dev/ttyACM0")
    links("by-path/pci-1-usb-0:1:1.0", "/dev/ttyACM0")
    assert nodes([line("/dev/ttyACM0", "S1")], links) == [by_id]


def test_two_equal_lines_are_called_by_their_ports(links):
    links("by-id/usb-Newland_FM430-if00", "/dev/ttyACM1")  # both claim this name
    ports = [links(f"by-path/pci-1-usb-0:{plug}:1.0", f"/dev/ttyACM{plug}") for plug in (0, 1)]
    assert nodes([line("/dev/ttyACM0", ""), line("/dev/ttyACM1", "")], links) == ports


def test_a_line_without_a_link_keeps_its_node(links):
    assert nodes([line("/dev/ttyS4", "")], links) == ["/dev/ttyS4"]


def test_this_machine_can_be_looked_at():
    assert all(source.node.startswith("/dev/") for source in inventory())


MEANT = Match("1eab", "1d06", "S1")


@pytest.fixture
def plugged(monkeypatch):
    def these(*lines):
        monkeypatch.setattr(serial_lines, "serial_lines", lambda: list(lines))

    return these


def at_port(wanted, *others, path="/dev/ttyACM0"):
    return Line(path, wanted, others).check()


def test_the_one_that_is_meant_is_taken_and_so_is_any_where_none_is_named(plugged):
    plugged(line("/dev/ttyACM0", "S1"))
    at_port(MEANT)
    at_port(Match("1eab"))
    plugged(line("/dev/ttyACM0", "S2"))
    at_port(Match())


@pytest.mark.parametrize(
    ("wanted", "said"),
    [(MEANT, "serial is 'S2'"), (Match("0c2e", "0700"), "vid is '1eab', pid is '1d06'")],
)
def test_another_scanner_at_its_port_is_asked_about(plugged, wanted, said):
    plugged(line("/dev/ttyACM0", "S2"))
    with pytest.raises(NotFoundError) as asked:
        at_port(wanted)
    assert f"another scanner is plugged in ({said}): is it meant?" in str(asked.value)
    assert asked.value.is_another


def test_one_of_its_model_elsewhere_is_asked_about_unless_it_is_another_line_s(plugged):
    plugged(line("/dev/ttyACM1", "S2"))
    with pytest.raises(NotFoundError, match="at /dev/ttyACM1"):
        at_port(MEANT)
    at_port(MEANT, "/dev/ttyACM1")
    at_port(Match("0c2e", "0700"))


def test_a_line_whose_scanner_was_just_unplugged_is_no_question(plugged):
    plugged()
    at_port(MEANT)
