"""What crun's test_mounts.py asks of python3-libmount, which Debian does not have: the mounts of a mountinfo file."""


class Entry:
    def __init__(self, fields):
        rest = fields[fields.index("-") + 1:]
        self.root, self.target, self.vfs_options = fields[3], fields[4], fields[5]
        self.fstype, self.source, self.fs_options = rest[0], rest[1], rest[2]
        self.options = self.vfs_options + "," + self.fs_options


class Table:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.entries = [Entry(line.split()) for line in file if " - " in line]

    def find_target(self, target):
        return next((entry for entry in reversed(self.entries) if entry.target == target), None)
