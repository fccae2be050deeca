// Screens that are loaded when somebody opens them: each is a script of its own, so that the first page
// does not carry all the others. While it comes there is a skeleton; when it does not, words and a way to
// try again. A script that is not there any more belongs to a program that has been replaced since this
// page was loaded: then only the page of the new one helps, and the address keeps the place.
import { useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { Failure, Loading } from './bits';

interface Module<P> {
  default: ComponentType<P>;
}

type Later<P> = ComponentType<P> & { load: () => Promise<void> };

export function later<P extends object>(fetchIt: () => Promise<Module<P>>, waiting: ReactNode = <Loading />): Later<P> {
  let ready: ComponentType<P> | null = null;
  async function load(): Promise<void> {
    ready ??= (await fetchIt()).default;
  }
  async function again(): Promise<void> {
    await load().catch(reloadIfServed);
  }
  function Screen(props: P) {
    const [Shown, show] = useState(() => ready);
    const [failed, setFailed] = useState(false);
    const [tries, setTries] = useState(0);
    useEffect(() => {
      if (Shown) return;
      let gone = false;
      (tries === 0 ? load() : again()).catch(() => {}).then(() => {
        if (gone) return;
        if (ready) show(() => ready);
        else setFailed(true);
      });
      return () => {
        gone = true;
      };
    }, [Shown, tries]);
    if (Shown) return <Shown {...props} />;
    if (!failed) return waiting;
    return (
      <Failure text="This part of the page could not be loaded. Check the connection and try again."
        onRetry={() => {
          setFailed(false);
          setTries(tries + 1);
        }} />
    );
  }
  return Object.assign(Screen, { load });
}

// Browsers remember for the life of a page that a script did not load.
async function reloadIfServed(): Promise<void> {
  const page = await fetch(location.pathname, { cache: 'no-store' }).catch(() => null);
  if (page?.ok) location.reload();
}
