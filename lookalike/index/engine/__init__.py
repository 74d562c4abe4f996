"""What Elasticsearch and OpenSearch have in common: nearly everything."""
