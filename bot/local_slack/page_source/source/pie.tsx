// How is a whole cut into parts?
import { colour } from "./series";
import { useTongue } from "./words";

const SIZE = 190;
const RADIUS = 88;

export function Pie({ segments, width, title }: { segments: { label: string; value: number }[]; width: number; title: string }) {
  const { say, language } = useTongue();
  const parts = segments.filter((one) => one.value > 0);
  const whole = parts.reduce((sum, one) => sum + one.value, 0);
  const share = (value: number) =>
    new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(value / whole);
  const size = Math.min(SIZE, width);
  let turned = 0;
  if (!whole) return null;
  return (
    <svg
      className="pie"
      width={size}
      height={size}
      viewBox="-95 -95 190 190"
      role="img"
      aria-label={`${say("pie", { title })} ${parts.map((one) => `${one.label} ${share(one.value)}`).join(", ")}`}
    >
      {segments.map((one, at) => {
        if (one.value <= 0) return null;
        const [start, end] = [turned, (turned += one.value / whole)];
        const middle = corner((start + end) / 2, RADIUS * 0.64);
        return (
          <g key={one.label}>
            {end - start >= 0.9999 ? (
              <circle r={RADIUS} fill={colour(at)} />
            ) : (
              <path d={slice(start, end)} fill={colour(at)} stroke="#fff" strokeWidth="2" />
            )}
            {end - start > 0.06 && (
              <text x={middle[0]} y={middle[1]} textAnchor="middle" dominantBaseline="central" className="share">
                {share(one.value)}
              </text>
            )}
            <title>{`${one.label} ${share(one.value)}`}</title>
          </g>
        );
      })}
    </svg>
  );
}

function corner(turn: number, radius: number): [number, number] {
  const angle = 2 * Math.PI * turn - Math.PI / 2;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

function slice(start: number, end: number): string {
  const [a, b] = [corner(start, RADIUS), corner(end, RADIUS)];
  return `M0 0L${a.join(" ")}A${RADIUS} ${RADIUS} 0 ${end - start > 0.5 ? 1 : 0} 1 ${b.join(" ")}Z`;
}
