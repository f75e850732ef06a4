import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { render } from 'preact';
import { followAnswers } from './api/live.ts';
import { askEarly } from './api/request.ts';
import { listenToKeys } from './lib/keyboard.ts';
import { followLinks } from './lib/location.ts';
import { findPage } from './pages/index.ts';
import { Shell } from './shell/shell.tsx';

const root = document.querySelector('#app');
if (root) {
  followLinks((path) => findPage(path) !== undefined);
  // Most pages begin with it, and nearly everybody may read.
  askEarly('/v1/pipelines');
  followAnswers();
  listenToKeys();
  render(<Shell />, root);
}
