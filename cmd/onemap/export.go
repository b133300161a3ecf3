package main

type exportCommand struct{}

func (exportCommand) Run() error { return nil }
