// The line to the agent on this machine: snapshots in, commands out.
// Never keeps state of its own beyond the last snapshot's version; what the screen shows
// comes from the agent alone.

const token = document.querySelector('meta[name="token"]').content;
const REOPEN_MS = 2000;

/** Calls onSnapshot with every snapshot, and onLink(false|true) when the stream breaks or heals. */
export function listen(onSnapshot, onLink) {
  let version = -1;
  const open = () => {
    const stream = new EventSource("/api/events");
    stream.addEventListener("open", () => onLink(true));
    stream.addEventListener("state", (event) => {
      const snapshot = JSON.parse(event.data);
      // Versions only fall when the agent was started anew: its token, and perhaps this page,
      // are then others.
      if (snapshot.version < version) location.reload();
      version = snapshot.version;
      onSnapshot(snapshot);
    });
    stream.addEventListener("error", () => {
      onLink(false);
      // The browser retries a broken line by itself, but not one that was answered with an error.
      if (stream.readyState === EventSource.CLOSED) setTimeout(open, REOPEN_MS);
    });
  };
  open();
}

/**
 * Sends one command. Resolves to null when the agent took it, else to the phrase that says why
 * not ({code, zh, en}); code "unreachable" carries no words and means that nobody answered.
 */
export async function send(command) {
  let response;
  try {
    response = await fetch("/api/do", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Token": token },
      body: JSON.stringify(command),
    });
  } catch {
    return { code: "unreachable" };
  }
  if (response.ok) return null;
  if (response.status === 403) location.reload(); // a token of an agent that is gone
  const answer = await response.json().catch(() => ({}));
  return answer.problem ?? { code: "unreachable" };
}
