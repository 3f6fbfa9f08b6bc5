"""Serial lines are called by names that last over replugs."""

import pytest

from edge_agent.devices.inventory import inventory, lasting_names
from edge_agent.devices.sources import Source


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
