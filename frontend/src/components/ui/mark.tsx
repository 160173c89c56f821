// The mark: an A being made.
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path className="made" d="M16 5 25.5 27" />
      <path className="making" d="M14.2 9.2 13.1 11.7M10.9 16.8 9.6 19.8M7.6 24.4 6.5 27" />
    </svg>
  );
}
