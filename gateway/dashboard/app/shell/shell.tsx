import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { type RequestError, requestJson } from '../api/request.ts';
import { type Caller, caller, isBound, may, signInReason, token } from '../api/session.ts';
import { Empty, Failure } from '../components/states.tsx';
import { place } from '../lib/location.ts';
import { refreshNow, tick } from '../lib/refresh.ts';
import { findPage } from '../pages/index.ts';
import { HelpDialog } from './help-dialog.tsx';
import { LostBanner } from './lost-banner.tsx';
import { SideBar } from './side-bar.tsx';
import { SignIn } from './sign-in.tsx';
import { TopBar } from './top-bar.tsx';

/** What every page stands in. */
export function Shell() {
  useCaller();
  const found = findPage(place.value.path);
  useEffect(() => {
    document.title = found ? `${found.page.title} · Penstock` : 'Penstock';
  }, [found?.page]);
  if (signInReason.value !== undefined) return <SignIn />;
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <SideBar />
      <div class="column">
        <TopBar />
        <LostBanner />
        <main id="content" tabIndex={-1}>
          <Content />
        </main>
      </div>
      <HelpDialog />
    </div>
  );
}

const callerError = signal<RequestError | undefined>(undefined);

/** Asked once; again with another token, and after a try that failed. */
function useCaller(): void {
  const turn = caller.value ? -1 : tick.value;
  useLayoutEffect(() => {
    if (caller.peek() || signInReason.peek() !== undefined) return;
    requestJson<Caller>('/v1/identity').then(
      (answer) => {
        caller.value = answer;
        callerError.value = undefined;
      },
      (error) => {
        callerError.value = error;
      },
    );
  }, [token.value, turn]);
}

function Content() {
  const { path } = place.value;
  const found = findPage(path);
  if (!caller.value) {
    const error = callerError.value;
    return error && error.status !== 0 && error.status !== 401 ? (
      <Failure code={error.code} message={error.message} again={refreshNow} />
    ) : (
      <div class="skeleton skeleton-page" aria-busy="true" />
    );
  }
  if (!found) {
    return (
      <Empty title="There is no such page.">
        <a href="/">To the overview</a>
      </Empty>
    );
  }
  const { page, params } = found;
  if (!may(page.role) || (page.isForAll && isBound.value)) {
    return (
      <Empty title="Your token does not open this page.">
        It needs the role “{page.role}”{page.isForAll && ', unbound'}.
      </Empty>
    );
  }
  return <page.view key={page.path + JSON.stringify(params)} params={params} />;
}
