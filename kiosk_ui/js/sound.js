// What a scan sounds like, and the flash that says the same to who cannot hear it.
// A good scan is two rising notes; a bad one is a low double buzz, so that the two differ in
// pitch, tone colour and rhythm. Browsers stay silent until the page is touched once, unless the
// kiosk's browser is started with autoplay allowed.

const TUNES = {
  ok: { wave: "sine", level: 0.35, notes: [[880, 0, 0.09], [1318.5, 0.1, 0.16]] },
  error: { wave: "sawtooth", level: 0.4, notes: [[155, 0, 0.22], [131, 0.3, 0.34]] },
  attention: { wave: "triangle", level: 0.4, notes: [[659.3, 0, 0.16], [523.3, 0.2, 0.26]] },
};

let context = null;
let heard = null;

/** Plays the snapshot's sound once, when its serial has grown since the last snapshot. */
export function follow(sound) {
  const fresh = heard !== null && sound.serial > heard;
  heard = sound.serial;
  if (fresh && sound.kind) {
    play(sound.kind);
    flash(sound.kind);
  }
}

export function play(kind) {
  if (!audible()) return;
  const tune = TUNES[kind];
  for (const [hertz, startS, lengthS] of tune.notes) {
    const at = context.currentTime + startS;
    const tone = new OscillatorNode(context, { type: tune.wave, frequency: hertz });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(tune.level, at + 0.01);
    volume.gain.setValueAtTime(tune.level, at + lengthS - 0.03);
    volume.gain.linearRampToValueAtTime(0, at + lengthS);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + lengthS);
  }
}

/** Whether the browser lets this page be heard by now. */
export const audible = () => context?.state === "running";

/** Opens the loudspeaker now if the browser allows it, else at the first touch; then calls back. */
export function openSound(onChange) {
  context = new AudioContext();
  context.addEventListener("statechange", onChange);
  const wake = () => context.resume();
  addEventListener("pointerup", wake); // a finger going down does not count as consent yet
  addEventListener("keydown", wake);
  onChange();
}

function flash(kind) {
  const frame = document.querySelector(".flash");
  frame.dataset.kind = kind;
  frame.classList.remove("on");
  void frame.offsetWidth; // restarts the animation
  frame.classList.add("on");
}
