import { liveState } from '../api/live.ts';
import { lostSince } from '../api/request.ts';
import { caller, keepToken } from '../api/session.ts';
import { Select } from '../components/pickers.tsx';
import { isHelpOpen } from '../lib/keyboard.ts';
import { isHidden, isPaused, refreshNow } from '../lib/refresh.ts';
import { refresh, refreshChoices, shownTheme, theme, zone, zones } from '../lib/settings.ts';
import { FindTask } from './find-task.tsx';
import { isDrawerOpen } from './side-bar.tsx';

/** Search, and what holds for every page. */
export function TopBar() {
  return (
    <header class="top-bar">
      <button
        type="button"
        class="button button-icon only-narrow"
        aria-label="Pages"
        aria-expanded={isDrawerOpen.value}
        onClick={() => {
          isDrawerOpen.value = !isDrawerOpen.value;
        }}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M2 4h12M2 8h12M2 12h12" />
        </svg>
      </button>
      <FindTask />
      <span class="spacer" />
      <LiveMark />
      <Select
        label="Refresh"
        value={refresh.value}
        choices={refreshChoices.map((choice) => [choice, choice === 'off' ? 'Refresh off' : `Every ${choice} s`])}
        onChange={(value) => {
          refresh.value = refreshChoices.find((choice) => choice === value) ?? 'off';
        }}
      />
      <IconButton label="Refresh now (r)" onClick={refreshNow} path="M13 8a5 5 0 1 1-1.500-3.500M13 2v3h-3" />
      <button
        type="button"
        class="button wide-only"
        title="Times in this zone"
        onClick={() => {
          zone.value = zones.find((each) => each !== zone.value) ?? 'UTC';
        }}
      >
        {zone.value === 'UTC' ? 'UTC' : 'Local'}
      </button>
      <IconButton
        label={shownTheme.value === 'dark' ? 'Light' : 'Dark'}
        onClick={() => {
          theme.value = shownTheme.value === 'dark' ? 'light' : 'dark';
        }}
        path={shownTheme.value === 'dark' ? sun : moon}
      />
      <IconButton
        label="Keys (?)"
        onClick={() => {
          isHelpOpen.value = true;
        }}
        path="M5.500 6a2.500 2.500 0 1 1 3.500 2.300c-.7.300-1 .8-1 1.700M8 12.800v.1"
      />
      {caller.value?.withTokens && (
        <button type="button" class="button" title={`Signed in as ${caller.value.name}`} onClick={() => signOut()}>
          Sign out
        </button>
      )}
    </header>
  );
}

function signOut(): void {
  keepToken(null);
  refreshNow();
}

const sun =
  'M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6M8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1';
const moon = 'M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500';

function IconButton({ label, path, onClick }: { label: string; path: string; onClick: () => void }) {
  return (
    <button type="button" class="button button-icon" title={label} aria-label={label} onClick={onClick}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
}

/** Whether what is shown moves. */
function LiveMark() {
  const state = liveMark();
  const words = { lost: 'No answer', paused: 'Paused', live: 'Live' };
  return (
    <span class={`live live-${state}`} role="status">
      <i /> {words[state]}
    </span>
  );
}

function liveMark(): 'lost' | 'paused' | 'live' {
  if (lostSince.value !== undefined) return 'lost';
  if (isPaused.value && !isHidden.value) return 'paused';
  return liveState.value === 'lost' || liveState.value === 'over' ? 'lost' : 'live';
}
