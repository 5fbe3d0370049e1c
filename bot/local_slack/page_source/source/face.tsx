// Whose words are these? The app's sun, or the first sign of a name.

const SHADES = ["#7a5c8e", "#3f7a6b", "#a0653c", "#4a6fa0", "#8a4f5f", "#6b7440"];

export function Face({ name, app, small = false }: { name: string; app: boolean; small?: boolean }) {
  const size = small ? 22 : 38;
  if (app)
    return (
      <svg className="face" width={size} height={size} viewBox="0 0 36 36" aria-hidden="true">
        <rect width="36" height="36" rx="8" fill="#1f3a5f" />
        <circle cx="18" cy="22" r="8.5" fill="#f2a65a" />
        <path d="M18 6v4M7.5 11l2.6 2.6M28.5 11l-2.6 2.6" stroke="#f2a65a" strokeWidth="2" strokeLinecap="round" />
        <path d="M0 23h36v5a8 8 0 0 1-8 8H8a8 8 0 0 1-8-8z" fill="#1f3a5f" />
        <path d="M6 25.5h24M10 30h16" stroke="#f7d9b4" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
    );
  const shade = SHADES[[...name].reduce((sum, sign) => sum + (sign.codePointAt(0) ?? 0), 0) % SHADES.length];
  return (
    <svg className="face" width={size} height={size} viewBox="0 0 36 36" aria-hidden="true">
      <rect width="36" height="36" rx="8" fill={shade} />
      <text x="18" y="18.5" textAnchor="middle" dominantBaseline="central" fill="#fff" fontSize="17" fontWeight="600">
        {[...name][0]?.toUpperCase()}
      </text>
    </svg>
  );
}
