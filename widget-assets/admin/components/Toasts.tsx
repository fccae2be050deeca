// Shows the notices of state/toasts.ts in a live region that exists from the start, so that screen
// readers announce what appears in it.
import { Button } from 'react-aria-components/Button';
import { dismiss, toasts } from '../state/toasts';
import { useStore } from '../store';
import { Icon } from './Icon';

export function Toasts() {
  const items = useStore(toasts, (state) => state.items);
  return (
    <div className="toasts" role="region" aria-label="Notices" aria-live="polite">
      {items.map((item) => (
        <div className="toast" data-tone={item.tone} key={item.id}>
          <Icon name={item.tone === 'bad' ? 'alert' : 'check'} size={18} />
          <span>{item.text}</span>
          <Button className="icon-button" aria-label="Dismiss" onPress={() => dismiss(item.id)}>
            <Icon name="close" size={16} />
          </Button>
        </div>
      ))}
    </div>
  );
}
