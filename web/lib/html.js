// html.js - markup of components: htm's templates make preact's elements. Values become text and
// attributes, and are never parsed.

import htm from "../vendor/htm.js";
import { h } from "../vendor/preact.js";

export const html = htm.bind(h);
