/** Tasks that are made by a function of another module, at the top level of this one. */
import { scaledBy } from "./closures.ts";

export const tenfold = scaledBy(10);
