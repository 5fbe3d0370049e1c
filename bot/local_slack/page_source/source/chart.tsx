// How does a chart look at any width: drawn to the pixel, read by mouse, keyboard and screen reader?
import { useId, useLayoutEffect, useRef, useState, type RefObject } from "react";
import { Pie } from "./pie";
import { Plot } from "./plot";
import { categories, colour, dashes, valueAt } from "./series";
import type { Block, ChartBody } from "./slack";
import { useTongue } from "./words";

const WIDEST = 620;
const FIRST_WIDTH = 520;

export function Chart({ block }: { block: Block }) {
  const { say } = useTongue();
  const [asTable, setAsTable] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const id = useId();
  const chart = block.chart;
  if (!chart) return null;
  const title = typeof block.title === "string" ? block.title : (block.title?.text ?? "");
  const names = chart.type === "pie" ? (chart.segments ?? []).map((one) => one.label) : (chart.series ?? []).map((one) => one.name);

  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption>
        <span id={id}>{title}</span>
        <button type="button" className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {say(asTable ? "as_chart" : "as_table")}
        </button>
      </figcaption>
      <div ref={frame}>
        {asTable ? (
          <Numbers chart={chart} title={title} />
        ) : chart.type === "pie" ? (
          <Pie segments={chart.segments ?? []} width={width} title={title} />
        ) : (
          <Plot chart={chart} width={width} title={title} />
        )}
      </div>
      {!asTable && names.length > 1 && <Legend names={names} dashed={chart.type === "line"} />}
    </figure>
  );
}

function Legend({ names, dashed }: { names: string[]; dashed: boolean }) {
  return (
    <ul className="legend" aria-hidden="true">
      {names.map((name, at) => (
        <li key={name}>
          <svg width="18" height="10">
            {dashed ? (
              <line x1="0" y1="5" x2="18" y2="5" stroke={colour(at)} strokeWidth="2.5" strokeDasharray={dashes(at)} />
            ) : (
              <rect x="4" width="10" height="10" rx="2" fill={colour(at)} />
            )}
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

/** What a chart shows, in rows: the way for those who cannot see it, and for the exact value. */
function Numbers({ chart, title }: { chart: ChartBody; title: string }) {
  const { head, rows } = tabled(chart);
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label={title}>
      <table>
        <thead>
          <tr>
            {head.map((name, at) => (
              <th key={at} scope="col" className={at ? "number" : ""}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, ...values]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {values.map((value, at) => (
                <td key={at} className="number">
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function tabled(chart: ChartBody): { head: string[]; rows: string[][] } {
  if (chart.type === "pie")
    return { head: ["", ""], rows: (chart.segments ?? []).map((one) => [one.label, String(one.value)]) };
  const series = chart.series ?? [];
  return {
    head: [chart.axis_config?.x_label ?? "", ...series.map((one) => one.name)],
    rows: categories(chart).map((label) => [label, ...series.map((one) => String(valueAt(one.data, label) ?? "–"))]),
  };
}

function useWidth(frame: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(FIRST_WIDTH);
  useLayoutEffect(() => {
    const here = frame.current;
    if (!here) return;
    const look = () => setWidth(Math.min(WIDEST, Math.max(220, here.clientWidth)));
    look();
    const watching = new ResizeObserver(look);
    watching.observe(here);
    return () => watching.disconnect();
  }, [frame]);
  return width;
}
