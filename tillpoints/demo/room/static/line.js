// The line to the demo: snapshots in, moves out.

const token = document.querySelector('meta[name="token"]').content;

export function listen(onSnapshot, onLost) {
  const stream = new EventSource("/api/events");
  let lost = false;
  stream.addEventListener("open", () => lost && location.reload());
  stream.addEventListener("state", (event) => onSnapshot(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    lost = true;
    onLost();
  });
}

/** Makes a move; resolves to null, or to the problem as {zh, en}. */
export async function make(move) {
  try {
    const answer = await fetch("/api/do", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Token": token },
      body: JSON.stringify(move),
    });
    return answer.ok ? null : (await answer.json()).problem;
  } catch {
    return { zh: "演示没有响应", en: "The demo does not answer" };
  }
}
