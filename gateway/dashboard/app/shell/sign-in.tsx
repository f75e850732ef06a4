import { keepToken, signInReason } from '../api/session.ts';

/** The token stays in this tab's session storage; it is sent to this gateway alone. */
export function SignIn() {
  const reason = signInReason.value;
  return (
    <main class="sign-in">
      <form
        class="panel sign-in-form"
        onSubmit={(event) => {
          event.preventDefault();
          const typed = String(new FormData(event.currentTarget).get('token') ?? '').trim();
          if (typed !== '') keepToken(typed);
        }}
      >
        <h1 class="page-title">Penstock</h1>
        <p class="hint">This gateway asks for a token. It is kept in this tab until you close it.</p>
        <label class="field">
          <span class="label">Token</span>
          <input class="input" type="password" name="token" autocomplete="off" autofocus required />
        </label>
        {reason && (
          <p class="notice notice-bad" role="alert">
            {reason}
          </p>
        )}
        <button type="submit" class="button button-main">
          Sign in
        </button>
      </form>
    </main>
  );
}
