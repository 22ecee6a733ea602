"""What is known of clusters, measured against a real API server and the real kubectl."""
