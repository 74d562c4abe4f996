"""Dashboards of the catalogue, as Kibana and OpenSearch Dashboards take them."""
