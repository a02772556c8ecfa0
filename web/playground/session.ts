/** One game, or two from the same start that differ in one setting: playing, single turns, and undo. */

import { type Game, newGame, type Snapshot, snapshot, unsound, type Who } from "../training/game.ts";
import { look, type View } from "../training/measure.ts";
import { discriminatorSlope, generatorSlope, nextBatch, round, type Scores, turn } from "../training/round.ts";
import { encoded, type Setting, type Versus } from "./link.ts";
import { CONTROLS, type Key, type Settings, toyOf } from "./settings.ts";

export type Frame = View & {
  /** Of the rounds and turns since the frame before. */
  scores: Scores[];
  /** Who has just had a single turn. */
  turned?: Who | undefined;
  /** The player whose numbers have overflowed: the game is over. */
  unsound?: "discriminator" | "generator" | undefined;
};

const FINE = 40;
const COARSE = 30;
const COARSE_EVERY = 50;

/** A game with the states it has come through: each of the last forty, and before them every fiftieth round. */
class Track {
  game: Game;
  #before: Snapshot[] = [];
  #fresh: Scores[] = [];
  #turned: Who | undefined;

  constructor(settings: Settings) {
    this.game = newGame(settings, settings, toyOf(settings));
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  round(): void {
    if (unsound(this.game)) return;
    this.#keep();
    this.#turned = undefined;
    this.#fresh.push(round(this.game));
  }

  turn(who: Who): void {
    if (unsound(this.game)) return;
    this.#keep();
    this.#turned = who;
    turn(this.game, who);
    this.#fresh.push(standing(this.game));
  }

  undo(): void {
    const state = this.#before.pop();
    if (state) Object.assign(this.game, state);
    this.#fresh = [];
    this.#turned = undefined;
  }

  frame(): Frame {
    const scores = this.#fresh;
    this.#fresh = [];
    return { ...look(this.game), scores, turned: this.#turned, unsound: unsound(this.game) };
  }

  #keep(): void {
    this.#before.push(snapshot(this.game));
    if (this.#before.length > FINE) {
      const [older, old] = this.#before.slice(-FINE - 2, -FINE) as [Snapshot, Snapshot | undefined];
      // The one that leaves the fine part stays if it is far enough from the last coarse one.
      if (old && old.clock - older.clock < COARSE_EVERY) this.#before.splice(-FINE - 1, 1);
      if (this.#before.length > FINE + COARSE) this.#before.shift();
    }
  }
}

/** Both losses as they stand, on the samples of the next turns. */
function standing(game: Game): Scores {
  const d = discriminatorSlope(game, nextBatch(game, "d"));
  const g = generatorSlope(game, nextBatch(game, "g"));
  return { clock: game.clock, dLoss: d.loss, gLoss: g.loss, dReal: d.dReal, dFake: d.dFake, mean: g.mean };
}

export class Session {
  #tracks: Track[] = [];
  #setting!: Setting;

  constructor(setting: Setting) {
    this.#start(setting);
  }

  get canUndo(): boolean {
    return this.#tracks[0]!.canUndo;
  }

  /** Follow another setting: at once where that is possible; true if the games began anew. */
  change(setting: Setting): boolean {
    const [old, next] = [both(this.#setting), both(setting)];
    if (old.length !== next.length || next.some((settings, i) => differs(old[i]!, settings))) {
      this.#start(setting);
      return true;
    }
    next.forEach((settings, i) => {
      const track = this.#tracks[i]!;
      if (settings.optimiser !== track.game.rules.optimiser) forget(track.game);
      track.game.rules = settings;
    });
    this.#setting = setting;
    return false;
  }

  restart(): void {
    this.#start(this.#setting);
  }

  /** Play `most` rounds, or as many as begin within so many milliseconds; returns how many. */
  rounds(most: number, milliseconds = Infinity, now: () => number = () => performance.now()): number {
    const end = now() + milliseconds;
    let played = 0;
    while (played < most && (played === 0 || now() < end)) {
      for (const track of this.#tracks) track.round();
      played++;
    }
    return played;
  }

  turn(who: Who): void {
    for (const track of this.#tracks) track.turn(who);
  }

  undo(): void {
    for (const track of this.#tracks) track.undo();
  }

  frames(): Frame[] {
    return this.#tracks.map((track) => track.frame());
  }

  #start(setting: Setting): void {
    this.#setting = setting;
    this.#tracks = both(setting).map((settings) => new Track(settings));
  }
}

/** The settings of the one game, or of both. */
export function both({ settings, versus }: Setting): Settings[] {
  return versus ? [settings, other(settings, versus)] : [settings];
}

function other(settings: Settings, { key, value }: Versus): Settings {
  return { ...settings, [key]: value };
}

const RESTARTING: readonly Key[] = CONTROLS.filter(({ restarts }) => restarts).map(({ key }) => key);

function differs(a: Settings, b: Settings): boolean {
  return RESTARTING.some((key) => a[key] !== b[key]) || encoded(a.points) !== encoded(b.points);
}

/** Another optimiser starts without memory. */
function forget({ d, g }: Game): void {
  for (const { memory } of [d, g]) {
    memory.steps = 0;
    memory.first.fill(0);
    memory.second.fill(0);
  }
}
