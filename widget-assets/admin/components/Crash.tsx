// Catches a defect in the screens, so that somebody in the middle of a conversation gets a way on
// instead of an empty page. What was not sent is lost with the reload, the rest is on the server.
import { Component, type ReactNode } from 'react';
import { Failure } from './bits';

export class Crash extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="signin">
        <Failure text="This page ran into a problem of its own. Reload it to go on."
          onRetry={() => location.reload()} />
      </main>
    );
  }
}
