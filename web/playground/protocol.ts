/** What the page and its worker say to each other: one order, one answer. */

import type { Who } from "../training/game.ts";
import type { Setting } from "./link.ts";
import type { Frame } from "./session.ts";

export type Order =
  | { do: "set"; setting: Setting }
  | { do: "play"; rounds: number; milliseconds: number }
  | { do: "turn"; who: Who }
  | { do: "undo" }
  | { do: "restart" };

export type Answer =
  | {
      frames: Frame[];
      canUndo: boolean;
      /** Whether the games began anew. */
      anew: boolean;
      /** Rounds played for this order, and how long they took. */
      rounds: number;
      milliseconds: number;
    }
  | { failed: string };
