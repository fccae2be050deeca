// An open conversation: its transcript, and the panel with the details beside it.
import { usePanel } from '../state/panel';
import { Details } from './Details';
import { ThreadView } from './ThreadView';

export default function Conversation({ id }: { id: string }) {
  const { shown } = usePanel();
  return (
    <>
      <ThreadView id={id} />
      {shown && <Details id={id} />}
    </>
  );
}
