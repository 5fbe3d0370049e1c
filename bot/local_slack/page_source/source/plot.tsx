// How are lines, bars and areas drawn? The value axis always contains 0, as Slack's does.
import { useState, type KeyboardEvent, type PointerEvent } from "react";
import { categories, colour, dashes, ticksOf, valueAt } from "./series";
import type { ChartBody } from "./slack";
import { useTongue } from "./words";

const HEIGHT = 220;
const EDGE = { top: 18, right: 18, bottom: 26, left: 44 };
const LABEL_WIDTH = 52;

type Line = { name: string; values: (number | undefined)[] };

export function Plot({ chart, width, title }: { chart: ChartBody; width: number; title: string }) {
  const { say, language } = useTongue();
  const [at, setAt] = useState<number | null>(null);
  const labels = categories(chart);
  const lines: Line[] = (chart.series ?? []).map((one) => ({
    name: one.name,
    values: labels.map((label) => valueAt(one.data, label)),
  }));
  const known = lines.flatMap((line) => line.values.filter((value) => value !== undefined));
  const ticks = ticksOf(Math.min(0, ...known), Math.max(0, ...known));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const bars = chart.type === "bar";
  const right = width - EDGE.right;
  const bottom = HEIGHT - EDGE.bottom;
  const band = (right - EDGE.left) / Math.max(1, labels.length);
  const x = (index: number) =>
    bars || labels.length < 2
      ? EDGE.left + (index + 0.5) * band
      : EDGE.left + 8 + (index * (right - EDGE.left - 16)) / (labels.length - 1);
  const y = (value: number) => bottom - ((value - low) / (high - low || 1)) * (bottom - EDGE.top);
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / ((right - EDGE.left) / Math.max(1, labels.length))));
  const write = (value: number | undefined) =>
    value === undefined ? "–" : new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);

  const look = (event: PointerEvent<SVGSVGElement>) => {
    const inside = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const nearest = labels.map((_, index) => Math.abs(x(index) - inside));
    setAt(nearest.indexOf(Math.min(...nearest)));
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") setAt(null);
    if (!by) return;
    event.preventDefault();
    setAt(Math.min(labels.length - 1, Math.max(0, at === null ? (by > 0 ? 0 : labels.length - 1) : at + by)));
  };
  const said = at === null ? "" : `${labels[at]}: ${lines.map((l) => `${l.name} ${write(l.values[at])}`).join(", ")}`;

  return (
    <div className="plot">
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        tabIndex={0}
        aria-label={say("chart", { title, first: labels[0] ?? "", last: labels.at(-1) ?? "" })}
        onPointerMove={look}
        onPointerDown={look}
        onPointerLeave={() => setAt(null)}
        onKeyDown={step}
        onBlur={() => setAt(null)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={tick === 0 ? "axis" : "grid"} x1={EDGE.left} x2={right} y1={y(tick)} y2={y(tick)} />
            <text className="tick" x={EDGE.left - 8} y={y(tick)} textAnchor="end" dominantBaseline="central">
              {write(tick)}
            </text>
          </g>
        ))}
        {chart.axis_config?.y_label && (
          <text className="tick" x={EDGE.left - 8} y={9} textAnchor="end">
            {chart.axis_config.y_label}
          </text>
        )}
        {labels.map(
          (label, index) =>
            (labels.length - 1 - index) % every === 0 && (
              <text key={label} className="tick" x={x(index)} y={HEIGHT - 8} textAnchor={anchor(index, labels.length, bars)}>
                {label}
              </text>
            ),
        )}
        {at !== null && <line className="cursor" x1={x(at)} x2={x(at)} y1={EDGE.top} y2={bottom} />}
        {bars
          ? lines.map((line, number) => (
              <Bars key={line.name} line={line} number={number} of={lines.length} band={band} x={x} y={y} at={at} />
            ))
          : lines.map((line, number) => (
              <Stroke key={line.name} line={line} number={number} area={chart.type === "area"} x={x} y={y} at={at} />
            ))}
        {!bars && lines.map((line, number) => <Newest key={line.name} line={line} number={number} x={x} y={y} write={write} lines={lines} />)}
      </svg>
      <p className="reading" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

const anchor = (index: number, count: number, bars: boolean) =>
  bars ? "middle" : index === count - 1 ? "end" : index === 0 ? "start" : "middle";

type Drawn = { line: Line; number: number; x: (index: number) => number; y: (value: number) => number; at: number | null };

function Stroke({ line, number, area, x, y, at }: Drawn & { area: boolean }) {
  const points = line.values.flatMap((value, index) => (value === undefined ? [] : [[x(index), y(value)] as const]));
  const path = points.map(([left, top], index) => `${index ? "L" : "M"}${left.toFixed(1)} ${top.toFixed(1)}`).join("");
  const here = at === null ? undefined : line.values[at];
  const [first, last] = [points[0], points.at(-1)];
  return (
    <g>
      {area && first && last && (
        <path d={`${path}L${last[0]} ${y(0)}L${first[0]} ${y(0)}Z`} fill={colour(number)} fillOpacity=".18" />
      )}
      <path d={path} fill="none" stroke={colour(number)} strokeWidth={number ? 1.75 : 2.5} strokeDasharray={dashes(number)} strokeLinejoin="round" />
      {points.length === 1 && first && <circle cx={first[0]} cy={first[1]} r="3.5" fill={colour(number)} />}
      {at !== null && here !== undefined && (
        <circle className="dot" cx={x(at)} cy={y(here)} r="4.5" fill={colour(number)} />
      )}
    </g>
  );
}

/** The newest value is written at its point: the one a reader looks for. Only the first line has room for it. */
function Newest({ line, number, x, y, write, lines }: Omit<Drawn, "at"> & { write: (value: number) => string; lines: Line[] }) {
  const last = line.values.length - 1;
  const value = line.values[last];
  if (value === undefined || number > 0) return null;
  const crowded = lines.some((other) => other !== line && (other.values[last] ?? -Infinity) > value);
  return (
    <g>
      <circle cx={x(last)} cy={y(value)} r="3.5" fill={colour(number)} />
      <text className="newest" x={x(last) + 6} y={y(value) + (crowded ? 17 : -9)} textAnchor="end" fill={colour(number)}>
        {write(value)}
      </text>
    </g>
  );
}

function Bars({ line, number, of, band, x, y, at }: Drawn & { of: number; band: number }) {
  const wide = Math.min(44, (band * 0.72) / of);
  return (
    <g>
      {line.values.map((value, index) =>
        value === undefined ? null : (
          <rect
            key={index}
            x={x(index) - (wide * of) / 2 + number * wide}
            y={Math.min(y(value), y(0))}
            width={Math.max(1, wide - 2)}
            height={Math.max(1, Math.abs(y(value) - y(0)))}
            rx="2"
            fill={colour(number)}
            fillOpacity={at === null || at === index ? 1 : 0.55}
          />
        ),
      )}
    </g>
  );
}
