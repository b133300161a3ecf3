package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"onemap/layers/jobs"
)

// jobMetrics counts the durable jobs of the database when it is asked.
type jobMetrics struct{ db *pgxpool.Pool }

var (
	jobsByState = prometheus.NewDesc("onemap_jobs", "Durable jobs: waiting (due), running, later (retries among them), dead (given up).", []string{"state"}, nil)
	jobsOldest  = prometheus.NewDesc("onemap_jobs_oldest_seconds", "How long the longest waiting job has been due.", nil, nil)
)

func (m jobMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- jobsByState; ch <- jobsOldest }

func (m jobMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c, err := jobs.Count(ctx, m.db)
	if err != nil {
		return // the database's own metrics say that it does not answer
	}
	for state, n := range map[string]int{"waiting": c.Waiting, "running": c.Running, "later": c.Later, "dead": c.Dead} {
		ch <- prometheus.MustNewConstMetric(jobsByState, prometheus.GaugeValue, float64(n), state)
	}
	ch <- prometheus.MustNewConstMetric(jobsOldest, prometheus.GaugeValue, c.Oldest)
}
