/** What `import … from 'penstock/gateway'` gives. */
export { buildGateway, type GatewayOptions } from './app.ts';
export type { CataloguePipeline, CatalogueStage } from './catalogue.ts';
