// The guided tour: numbered stops, what to look at, and one button that goes on.

import { make, say } from "./parts.js";
import { named, t } from "./words.js";

export class Tour {
  constructor(parts, stops, press) {
    this.parts = parts;
    this.stops = stops;
    this.press = press;
    this.at = 0;
    parts.go.addEventListener("click", () => this.go());
    this.word();
  }

  word() {
    this.parts.stops.replaceChildren(...this.stops.map((stop, index) => {
      const node = make("li");
      const button = make("button", "", `${index + 1} ${named(stop)}`);
      button.type = "button";
      button.addEventListener("click", () => {
        this.at = index;
        this.show();
      });
      node.append(button);
      return node;
    }));
    this.show();
  }

  show() {
    const stop = this.stops[this.at];
    [...this.parts.stops.children].forEach((node, index) => {
      node.className = index < this.at ? "done" : index === this.at ? "here" : "";
    });
    say(this.parts.look, stop ? named({ zh: stop.look_zh, en: stop.look_en }) : t("tour_end"));
    say(this.parts.go, stop ? t("go", { n: this.at + 1 }) : t("tour_done"));
  }

  async go() {
    const stop = this.stops[this.at];
    this.parts.go.disabled = true;
    let done = true;
    for (const [index, move] of (stop?.moves ?? []).entries()) {
      // A person needs a moment between two things, and so does the eye of the visitor.
      if (index) await new Promise((resolve) => setTimeout(resolve, 1200));
      done = await this.press(move);
      if (!done) break;
    }
    if (done) this.at = stop ? this.at + 1 : 0;
    this.parts.go.disabled = false;
    this.show();
  }
}
