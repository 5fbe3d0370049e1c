// How is a data_table read: a page at a time, in the order one asks for?
import { useId, useState } from "react";
import type { Block, Cell } from "./slack";
import { useTongue } from "./words";

type Order = { column: number; down: boolean };

const PAGE_ROWS = 10;
const SHORT = 18;

export function DataTable({ block }: { block: Block }) {
  const { say, language } = useTongue();
  const [order, setOrder] = useState<Order | null>(null);
  const [page, setPage] = useState(0);
  const id = useId();
  const [headings = [], ...rows] = block.rows ?? [];
  const size = Math.max(1, block.page_size ?? PAGE_ROWS);
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const here = Math.min(page, pages - 1);
  const shown = sorted(rows, order, language).slice(here * size, (here + 1) * size);
  const numeric = headings.map((_, column) => rows.some((row) => row[column]?.type === "raw_number"));
  const looks = headings.map((_, column) => (numeric[column] ? "number" : isShort(rows, column) ? "short" : ""));

  const turn = (column: number) => {
    setPage(0);
    if (order?.column !== column) setOrder({ column, down: numeric[column] ?? false });
    else if (order.down === (numeric[column] ?? false)) setOrder({ column, down: !order.down });
    else setOrder(null);
  };

  return (
    <figure className="table" aria-labelledby={id}>
      <figcaption id={id}>{block.caption}</figcaption>
      <div className="table-scroll" tabIndex={0} role="group" aria-labelledby={id}>
        <table>
          <thead>
            <tr>
              {headings.map((heading, column) => (
                <th key={column} scope="col" className={looks[column]} aria-sort={sortOf(order, column)}>
                  <button type="button" onClick={() => turn(column)} title={say("sort", { column: heading.text ?? "" })}>
                    {unbroken(heading.text ?? "")}
                    <span className="sort" aria-hidden="true">
                      {order?.column === column ? (order.down ? "↓" : "↑") : "↕"}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => (
              <tr key={here * size + at}>
                {row.map((cell, column) =>
                  column === 0 ? (
                    <th key={column} scope="row">
                      {cell.text}
                    </th>
                  ) : (
                    <td key={column} className={looks[column]}>
                      {cell.text}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <nav className="pages" aria-label={say("pages", { caption: block.caption ?? "" })}>
          <button type="button" disabled={here === 0} onClick={() => setPage(here - 1)} aria-label={say("page_before")}>
            ‹
          </button>
          <span aria-live="polite">
            {say("page_of", { first: here * size + 1, last: Math.min(rows.length, (here + 1) * size), all: rows.length })}
          </span>
          <button
            type="button"
            disabled={here === pages - 1}
            onClick={() => setPage(here + 1)}
            aria-label={say("page_after")}
          >
            ›
          </button>
        </nav>
      )}
    </figure>
  );
}

/** Short words stay on one line; a phone scrolls sideways instead of breaking each cell. */
const isShort = (rows: Cell[][], column: number): boolean =>
  rows.every((row) => [...(row[column]?.text ?? "")].length <= SHORT);

/** A span of numbers, 60–89, is no place to begin a new line. */
const unbroken = (text: string): string => text.replace(/(\d[–〜])(?=\d)/g, "$1\u2060");

function sortOf(order: Order | null, column: number): "ascending" | "descending" | "none" {
  if (order?.column !== column) return "none";
  return order.down ? "descending" : "ascending";
}

/** Numbers by their value, words by the language's order; cells without a number come last. */
function sorted(rows: Cell[][], order: Order | null, language: string): Cell[][] {
  if (!order) return rows;
  const { column, down } = order;
  const sign = down ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [one[column]?.value, other[column]?.value];
    if (a !== undefined && b !== undefined) return sign * (a - b);
    if (a !== undefined || b !== undefined) return a === undefined ? 1 : -1;
    return sign * (one[column]?.text ?? "").localeCompare(other[column]?.text ?? "", language);
  });
}
