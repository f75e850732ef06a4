import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { render } from 'preact';
import { listenToKeys } from './lib/keyboard.ts';
import { followLinks } from './lib/location.ts';
import { findPage } from './pages/index.ts';
import { Shell } from './shell/shell.tsx';

const root = document.querySelector('#app');
if (root) {
  followLinks((path) => findPage(path) !== undefined);
  listenToKeys();
  render(<Shell />, root);
}
