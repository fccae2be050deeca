// Who is signed in, and what is theirs to choose: account, theme, sound, sign out.
import { Button } from 'react-aria-components/Button';
import { Header } from 'react-aria-components/Header';
import { Menu, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { prefs, type Prefs } from '../prefs';
import { accounts, openAccount } from '../state/accounts';
import { personName, session, signOut } from '../state/session';
import { hrefOf, openConversation } from '../route';
import { chime } from '../sound';
import { useStore } from '../store';
import { initials } from './bits';
import { Icon } from './Icon';

const THEMES: [Prefs['theme'], string, 'system' | 'sun' | 'moon'][] = [
  ['system', 'Like the system', 'system'], ['light', 'Light', 'sun'], ['dark', 'Dark', 'moon'],
];

function setSound(sound: boolean): void {
  prefs.set({ sound });
  chime();
}

export default function Person() {
  const user = useStore(session, (state) => state.user);
  const name = personName(user);
  return (
    <div className="me">
      <MenuTrigger>
        <Button className="me-button">
          <span className="me-avatar" aria-hidden="true">{initials(name)}</span>
          <span className="me-name">{name}</span>
          <span className="sr-only">account and settings</span>
          <Icon name="chevron" size={16} />
        </Button>
        <Popover className="menu-popover" placement="top start" offset={8}>
          <PersonMenu email={user?.email ?? ''} />
        </Popover>
      </MenuTrigger>
      <Button className="icon-button me-out" aria-label="Sign out" onPress={() => void signOut()}>
        <Icon name="signout" size={18} />
      </Button>
    </div>
  );
}

function PersonMenu({ email }: { email: string }) {
  const { items, open } = useStore(accounts, (state) => state);
  const { theme, sound } = useStore(prefs, (state) => state);
  return (
    <Menu className="menu" aria-label="Account and settings">
      {items.length > 1 && (
        <MenuSection selectionMode="single" disallowEmptySelection
          selectedKeys={open ? [open.id] : []}
          onSelectionChange={(keys) => {
            const next = items.find((item) => keys !== 'all' && keys.has(item.id));
            if (!next || next.id === open?.id) return;
            openConversation(null);
            openAccount(next);
          }}>
          <Header className="menu-header">Account</Header>
          {items.map((item) => (
            <MenuItem className="menu-item" id={item.id} key={item.id} textValue={item.name}>
              <Icon name="building" size={18} /><span>{item.name}</span>
              <span className="menu-note">{item.role}</span>
            </MenuItem>
          ))}
        </MenuSection>
      )}
      <MenuSection selectionMode="single" disallowEmptySelection selectedKeys={[theme]}
        onSelectionChange={(keys) => {
          if (keys !== 'all') prefs.set({ theme: [...keys][0] as Prefs['theme'] });
        }}>
        <Header className="menu-header">Theme</Header>
        {THEMES.map(([key, word, icon]) => (
          <MenuItem className="menu-item" id={key} key={key} textValue={word} shouldCloseOnSelect={false}>
            <Icon name={icon} size={18} /><span>{word}</span>
          </MenuItem>
        ))}
      </MenuSection>
      <MenuSection selectionMode="multiple" selectedKeys={sound ? ['sound'] : []}
        onSelectionChange={(keys) => setSound(keys === 'all' || keys.has('sound'))}>
        <Header className="menu-header">Notices</Header>
        <MenuItem className="menu-item" id="sound" textValue="Sound" shouldCloseOnSelect={false}>
          <Icon name="bell" size={18} /><span>Sound for new messages</span>
        </MenuItem>
      </MenuSection>
      <MenuSection>
        <Header className="menu-header">{email}</Header>
        <MenuItem className="menu-item" href={hrefOf('security')} textValue="Security">
          <Icon name="key" size={18} /><span>Security</span>
        </MenuItem>
        <MenuItem className="menu-item" textValue="Sign out" onAction={() => void signOut()}>
          <Icon name="signout" size={18} /><span>Sign out</span>
        </MenuItem>
      </MenuSection>
    </Menu>
  );
}
