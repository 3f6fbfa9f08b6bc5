-- Members and cards come as a file; `member`, `member_tag` and `card` hold what the feed said
-- since. `needed` is how far the feed counts on a file: below it, members were not pulled.
CREATE TABLE member_file (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    name     TEXT NOT NULL,
    position INTEGER NOT NULL,
    needed   INTEGER NOT NULL
) STRICT;
INSERT INTO member_file (one, name, position, needed) VALUES (1, '', 0, 0);

-- Where in the feed a row came from: a file of that place or a later one replaces it. A row that is
-- `gone` hides what the file still says.
ALTER TABLE member ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
UPDATE member SET position = (SELECT position FROM cursor);
ALTER TABLE card ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
UPDATE card SET position = (SELECT position FROM cursor);

-- The few events that central holds and has not posted.
CREATE INDEX verdict_not_posted ON verdict (code) WHERE code IN (2, 3, 4, 6, 7);
CREATE INDEX movement_of_cards ON movement (epoch, seq) WHERE holder_kind = 'card';
