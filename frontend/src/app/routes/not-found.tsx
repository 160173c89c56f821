// Screen: nothing is at this address.
import { useEffect } from "react";
import { Link } from "react-router";

export function NotFound() {
  useEffect(() => {
    document.title = "Not found · AetherOS";
  }, []);
  return (
    <main className="signed-out" id="content">
      <Missing title="Nothing is here" text="The address is wrong, or what was here has been deleted." />
    </main>
  );
}

export function Missing({ title, text }: { title: string; text: string }) {
  return (
    <div className="center-page">
      <h1>{title}</h1>
      <p>{text}</p>
      <div className="btn-row">
        <Link className="btn btn-primary" to="/">
          Go home
        </Link>
        <Link className="btn" to="/library">
          Look in the library
        </Link>
      </div>
    </div>
  );
}
