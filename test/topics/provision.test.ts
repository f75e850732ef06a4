import { describe, expect, it } from 'vitest';
import { topicKinds, topicsOf } from '../../topics/catalogue.ts';
import { deadLetterTopic, doneTopic, retryTopic, stageTopic } from '../../topics/names.ts';
import { planProvisioning } from '../../topics/provision.ts';

const spec = (name: string, partitions: number, config: Record<string, string> = {}) => ({ name, partitions, config });
const state = (name: string, partitions: number, config: Record<string, string> = {}) => ({
  ...spec(name, partitions, config),
  replicationFactor: 1,
});

describe('planProvisioning', () => {
  it('creates, grows and alters, and leaves alone what fits', () => {
    const plan = planProvisioning(
      [spec('new', 2), spec('small', 6), spec('other', 1, { a: '1', b: '2', c: '3' }), spec('fits', 1, { a: '1' })],
      [state('small', 2), state('other', 1, { a: '1', b: '9', z: 'mine' }), state('fits', 1, { a: '1', z: 'mine' })],
    );
    expect(plan.steps).toEqual([
      { kind: 'create', topic: 'new', spec: spec('new', 2) },
      { kind: 'grow', topic: 'small', from: 2, to: 6 },
      {
        kind: 'alter',
        topic: 'other',
        changes: [
          { name: 'b', from: '9', to: '2' },
          { name: 'c', from: null, to: '3' },
        ],
      },
    ]);
    expect(plan.drift).toEqual([]);
  });

  it('never shrinks, and says so', () => {
    const plan = planProvisioning([spec('large', 3)], [state('large', 12)]);
    expect(plan).toEqual({ steps: [], drift: [{ topic: 'large', partitions: 12, wanted: 3 }] });
  });
});

describe('the catalogue', () => {
  const specs = topicsOf([
    {
      name: 'assets',
      stages: [
        { name: 'download', partitions: 6 },
        { name: 'upload', partitions: 2 },
        { name: 'report', partitions: 5, retry: { delayed: ['10s', '1m'] } },
        { name: 'notify', partitions: 1, retry: { delayed: ['1h'] } },
      ],
    },
  ]);
  const byName = new Map(specs.map((one) => [one.name, one]));

  it('names every topic of a pipeline and those of Penstock', () => {
    expect([...byName.keys()]).toEqual([
      'assets.download',
      'assets.download.retry.1m',
      'assets.download.dlq',
      'assets.upload',
      'assets.upload.retry.1m',
      'assets.upload.dlq',
      'assets.report',
      'assets.report.retry.10s',
      'assets.report.retry.1m',
      'assets.report.dlq',
      'assets.notify',
      'assets.notify.retry.1h',
      'assets.notify.retry.1m',
      'assets.notify.dlq',
      'assets.done',
      'penstock.attempts',
      'penstock.samples',
      'penstock.control',
    ]);
    expect(byName.get('assets.download')?.partitions).toBe(6);
    expect(byName.get('assets.upload.dlq')?.partitions).toBe(2);
  });

  it('lets a dead letter be larger than its record, and outlive it', () => {
    expect(topicKinds['dead-letter'].maxMessageBytes).toBeGreaterThan(topicKinds.stage.maxMessageBytes);
    const retention = (name: string) => Number(byName.get(name)?.config['retention.ms']);
    expect(retention('assets.download.dlq')).toBeGreaterThan(retention('assets.download'));
  });

  it('gives retry topics few partitions, and room for the header that a record gains', () => {
    expect(byName.get('assets.report.retry.1m')?.partitions).toBe(3);
    expect(byName.get('assets.notify.retry.1h')?.partitions).toBe(1);
    expect(topicKinds.retry.maxMessageBytes).toBeGreaterThan(topicKinds.stage.maxMessageBytes);
  });

  it('compacts control, and deletes by time elsewhere', () => {
    for (const { name, config } of specs) {
      const compacted = name === 'penstock.control';
      expect(config['cleanup.policy']).toBe(compacted ? 'compact' : 'delete');
      expect('retention.ms' in config).toBe(!compacted);
    }
  });

  it('names topics as the interface says', () => {
    expect(stageTopic('p', 's')).toBe('p.s');
    expect(deadLetterTopic('p', 's')).toBe('p.s.dlq');
    expect(retryTopic('p', 's', '10s')).toBe('p.s.retry.10s');
    expect(doneTopic('p')).toBe('p.done');
  });
});
