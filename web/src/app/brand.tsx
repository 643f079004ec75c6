export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect className="logo-ground" width="32" height="32" rx="7" />
      <path className="logo-line" d="M7 9h18v12H7z" />
      <path className="logo-line" d="M12 25h8M13 13l4 4 2-2" />
    </svg>
  );
}

export function Brand({ company }: { company?: string | undefined }) {
  return (
    <div className="brand">
      <Logo />
      <span>{company || "GuruConnect"}</span>
    </div>
  );
}
