package web_test

var tiles1 []conformanceTest
