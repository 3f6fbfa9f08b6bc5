// Shows the member's pass, new each half minute. The key is made here and never leaves the browser
// (it cannot even be read here); the passes of the next minutes are signed in advance and drawn by
// central, so that a phone without network goes on showing fresh ones for a while.

const SLOT_MS = 30_000;
const AHEAD = 12;
const TAG = new TextEncoder().encode("tillpoints pass 1");
const ECDSA = { name: "ECDSA", hash: "SHA-256" };

const place = document.querySelector("[data-pass]");
const picture = place.querySelector("[data-picture]");
const token = document.querySelector('meta[name="token"]').content;

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

async function ask(path, wanted) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Tillpoints-Token": token },
    body: JSON.stringify(wanted),
  });
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// The phone's clock may be wrong: central's is carried on by whichever clock of the phone went
// further. The steady one stands still while a phone sleeps, the other may be set back; where they
// part, central is asked again.
const APART_MS = 5_000;
let clock = null;
let credential = null;
let keys = null;
const drawn = new Map();

const gone = () => [performance.now() - clock.steadyMs, Date.now() - clock.wallMs];
const serverMs = () => clock.serverMs + Math.max(...gone());

function parted() {
  const [steady, wall] = gone();
  return Math.abs(steady - wall) > APART_MS;
}

async function begin() {
  const own = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
    "sign",
  ]);
  const raw = await crypto.subtle.exportKey("raw", own.publicKey);
  const asked = performance.now();
  const given = await ask("/m/credential", { key: base64(raw) });
  const half = (performance.now() - asked) / 2;
  clock = {
    serverMs: given.server_ms,
    steadyMs: performance.now() - half,
    wallMs: Date.now() - half,
  };
  [keys, credential] = [own, bytes(given.credential)];
}

async function signed(slot) {
  const message = new Uint8Array(TAG.length + 5 + credential.length);
  message.set(TAG);
  new DataView(message.buffer).setBigUint64(TAG.length - 3, BigInt(slot));
  message.set(TAG.slice(-3), TAG.length - 3); // the number takes five bytes of those eight
  message.set(credential, TAG.length + 5);
  return { slot, signature: base64(await crypto.subtle.sign(ECDSA, keys.privateKey, message)) };
}

async function drawAhead(now) {
  const slots = Array.from({ length: AHEAD }, (_, ahead) => now + ahead);
  const wanted = await Promise.all(slots.map(signed));
  const got = await ask("/m/passes", { credential: base64(credential), signed: wanted });
  drawn.clear();
  for (const { slot, svg } of got) drawn.set(slot, svg);
}

function show(svg) {
  const state = svg ? "fresh" : "stale";
  for (const line of place.querySelectorAll("[data-state]")) {
    line.hidden = line.dataset.state !== state;
  }
  const parsed = svg && new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  picture.replaceChildren(...(parsed ? [document.importNode(parsed, true)] : []));
  place.hidden = false;
}

let shown = null;

async function step() {
  try {
    if (clock === null || parted()) await begin();
    const now = Math.floor(serverMs() / SLOT_MS);
    if (!drawn.has(now + AHEAD / 2)) await drawAhead(now);
  } catch (error) {
    console.warn(error); // what is drawn already goes on being shown
  }
  const now = clock && Math.floor(serverMs() / SLOT_MS);
  if (now === shown) return;
  shown = now;
  show(drawn.get(now) ?? null);
}

// Browsers sign only on pages that came over TLS (or from this very machine): without, the card.
if (globalThis.crypto?.subtle) {
  await step();
  setInterval(step, 2000);
  addEventListener("visibilitychange", step);
}
