/** The lesson on the page: what to bring about, whether it is done, and a way out for whoever is stuck. */

import { button } from "../controls/controls.ts";
import { element } from "../controls/element.ts";
import type { Figures } from "../training/measure.ts";
import { LESSONS, type Lesson, lessonOf } from "./lessons.ts";
import type { Settings } from "./settings.ts";

const MOST = 1000;

export interface Pupil {
  /** A lesson was chosen, or none. */
  begin(lesson: Lesson | undefined): void;
  /** Set what the lesson suggests; the games begin anew or go on. */
  follow(change: Partial<Settings>, anew: boolean): void;
  say(text: string): void;
}

export class LessonCard {
  readonly root = element("div", { class: "gp-lesson" });
  readonly #buttons = new Map<string, HTMLButtonElement>();
  readonly #stages = element("ol", { class: "gp-stages" });
  readonly #pupil: Pupil;
  #lesson: Lesson | undefined;
  #stage = 0;
  #seen: Figures[] = [];

  constructor(pupil: Pupil) {
    this.#pupil = pupil;
    const choices = element("div", { class: "gp-pills", role: "group", "aria-label": "Lesson" });
    for (const [name, title] of [["", "Play freely"], ...LESSONS.map((one) => [one.name, one.title])] as const) {
      const choice = button(title!, () => pupil.begin(lessonOf(name)));
      this.#buttons.set(name!, choice);
      choices.append(choice);
    }
    this.root.append(choices, this.#stages);
  }

  get lesson(): Lesson | undefined {
    return this.#lesson;
  }

  /** Show this lesson from its first stage. */
  begin(lesson: Lesson | undefined): void {
    this.#lesson = lesson;
    for (const [name, choice] of this.#buttons) {
      choice.setAttribute("aria-pressed", String(name === (lesson?.name ?? "")));
    }
    this.#stage = 0;
    this.#seen = [];
    this.#draw();
  }

  /** The games began anew: so does the stage; a first stage that was done must be done again. */
  restart(): void {
    this.#seen = [];
    if (this.#stage === 0) return; // a hint that is open stays so
    this.#stage = 0;
    this.#draw();
  }

  see(figures: Figures, settings: Settings): void {
    const stage = this.#lesson?.stages[this.#stage];
    if (!stage) return;
    this.#seen = this.#seen.filter((at) => at.clock < figures.clock).slice(-MOST);
    this.#seen.push(figures);
    if (!stage.done(this.#seen, settings)) return;
    this.#stage++;
    this.#seen = [];
    this.#draw();
    const next = this.#lesson?.stages[this.#stage];
    this.#pupil.say(`Done: ${stage.goal} ${stage.reached} ${next ? `Next: ${next.goal}` : "The lesson is over."}`);
  }

  #draw(): void {
    const stages = this.#lesson?.stages ?? [];
    this.#stages.replaceChildren(
      ...stages.slice(0, this.#stage + 1).map((stage, i) => {
        const done = i < this.#stage;
        const item = element("li", { class: done ? "gp-done" : "gp-open" }, element("strong", {}, stage.goal));
        if (done) {
          item.append(element("span", { class: "gp-tick" }, " ✓ done."), element("p", {}, stage.reached));
          return item;
        }
        const hint = element(
          "details",
          { class: "hide" },
          element("summary", {}, "A hint"),
          element("p", {}, stage.hint),
        );
        hint.append(button("Set it for me", () => this.#pupil.follow(stage.suggested, i === 0)));
        item.append(hint);
        return item;
      }),
    );
    this.#stages.hidden = !stages.length;
  }
}
