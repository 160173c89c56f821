// Keeps a crash inside one pane: the rest of the screen goes on.
import { Component, type ReactNode } from "react";
import { ErrorCard } from "./error-card";

interface Props {
  /** What stopped, as in "The code view stopped". */
  name: string;
  /** Another one is another try. What did not crash stays as it is. */
  of?: string;
  children: ReactNode;
}

export class CrashBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (before.of !== this.props.of && this.state.error !== null) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="p-(--s-6)">
        <ErrorCard
          title={`${this.props.name} stopped`}
          error={this.state.error}
          onRetry={() => this.setState({ error: null })}
        />
      </div>
    );
  }
}
