import '../tokens.css';
import '../base.css';
import { mount } from 'svelte';
import Desk from './Desk.svelte';

mount(Desk, { target: document.getElementById('app')! });
