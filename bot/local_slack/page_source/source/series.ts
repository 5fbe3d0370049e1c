// Which values does a chart hold, and by what are its series told apart?
import type { ChartBody } from "./slack";

const COLOURS = ["#1d6f9f", "#c9622c", "#5b8c3a", "#8a5aa8", "#b8912a", "#4f6470"];
const DASHES = [undefined, "6 4", "2 3", "9 3 2 3", "1 4", "12 4"];

export const colour = (at: number): string => COLOURS[at % COLOURS.length] ?? "#4f6470";

/** Lines are told apart by their strokes too, not by colour alone. */
export const dashes = (at: number): string | undefined => DASHES[at % DASHES.length];

export const categories = (chart: ChartBody): string[] =>
  chart.axis_config?.categories ?? chart.series?.[0]?.data.map((point) => point.label) ?? [];

export const valueAt = (data: { label: string; value: number }[], label: string): number | undefined =>
  data.find((point) => point.label === label)?.value;

/** About five round steps that hold both ends. */
export function ticksOf(low: number, high: number): number[] {
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const first = Math.floor(low / step);
  const count = Math.max(1, Math.ceil(high / step) - first);
  return Array.from({ length: count + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
