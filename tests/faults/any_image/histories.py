"""One history, drawn by chance, of tills that sell while disks and databases come back from copies.

In the end every machine may speak to central for long enough, fenced ones with a new code.
"""

from edge_agent.sync.rehomer import FENCED
from tests.faults.any_image.machines import Central, Machine

MEMBERS = ("a", "b")
TILLS = ("T1", "T2")
MACHINES_MAX = 5
#: What happens, as often as it stands here for ten.
DEEDS = {
    "sell": 50, "claim": 20, "sell_claimed": 20, "sync": 80, "image": 20, "put_back": 10,
    "copy": 6, "backup": 15, "restore": 10, "enrol": 3, "lose": 8,
}  # fmt: skip


class History:
    """What happened so far."""

    def __init__(self, folder, chance):
        self.folder = folder
        self.chance = chance
        self.central = Central(folder)
        for name in MEMBERS:
            self.central.programme.add_member(name)
        self.machines = []
        self.images = {name: [] for name in TILLS}
        self.backups = []
        self.codes = []
        self.deeds = []
        #: A central that is lost too may have heard what no disk has any more.
        self.lost = False
        for name in TILLS:
            self.central.expect(name)
            self._machine(name).enrol()

    def _machine(self, name):
        folder = self.folder / f"machine-{len(self.machines)}"
        machine = Machine(self.central, folder, name)
        self.machines.append(machine)
        return machine

    def close(self):
        for machine in self.machines:
            machine.stop()
        self.central.close()

    # ---- deeds

    def go_on(self):
        """Let one thing happen, if it can."""
        name = self.chance.choices(list(DEEDS), DEEDS.values())[0]
        machine = self.chance.choice(self.machines)
        if getattr(self, f"_{name}")(machine) is not False:
            self.deeds.append(f"{name} {machine.folder.name}")

    def _sell(self, machine):
        machine.sell(self.chance.choice(MEMBERS))

    def _claim(self, machine):
        self.codes.append(code := f"C{len(self.deeds)}")
        machine.claim(self.chance.choice(MEMBERS), code)

    def _sell_claimed(self, machine):
        if not self.codes:
            return False
        machine.sell(None, self.codes.pop(self.chance.randrange(len(self.codes))))
        return True

    def _sync(self, machine):
        machine.sync(self.chance.choice([1, 1, 2, 3, 25]))

    def _image(self, machine):
        images = self.images[machine.name]
        images.append(machine.image(self.folder / f"image-{machine.name}-{len(images)}"))

    def _put_back(self, machine):
        if not (images := self.images[machine.name]):
            return False
        self.lost = True
        machine.put_back(self.chance.choice(images))
        return True

    def _copy(self, machine):
        if len(self.machines) == MACHINES_MAX:
            return False
        machine.image(self.folder / f"machine-{len(self.machines)}")
        self._machine(machine.name)
        return True

    def _backup(self, _machine):
        self.backups.append(self.central.backup())

    def _restore(self, _machine):
        if not self.backups:
            return False
        self.central.restore(self.chance.choice(self.backups))
        return True

    def _enrol(self, machine):
        machine.enrol()

    def _lose(self, machine):
        self.lost = True
        machine.lose(self.chance)

    # ---- the end

    def settle(self):
        """Let everybody speak, and give a new code to who is shut out; yield who does not."""
        for machine in self.machines * 3:
            machine.sync(60)
            for _ in range(6):
                if machine.journal.outbox().refused != FENCED:
                    break
                machine.enrol()
                machine.sync(60)
        for machine in self.machines:
            status = machine.sync(10)
            if status.queue and status.refused != FENCED:
                yield f"{machine.folder.name} keeps {status.queue} events: {status.problem}"
