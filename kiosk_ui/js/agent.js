// The line to the agent on this machine: snapshots in, commands out.
// Keeps no state of its own; what the screen shows comes from the agent alone.

const token = document.querySelector('meta[name="token"]').content;
const REOPEN_MS = 2000;

/** Calls onSnapshot with every snapshot, and onLost when the agent is out of reach. */
export function listen(onSnapshot, onLost) {
  let lost = false;
  const open = () => {
    const stream = new EventSource("/api/events");
    // On one machine a stream breaks when the agent stops. The one that comes back has another
    // token and perhaps newer pages.
    stream.addEventListener("open", () => lost && location.reload());
    stream.addEventListener("state", (event) => onSnapshot(JSON.parse(event.data)));
    stream.addEventListener("error", () => {
      lost = true;
      onLost();
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
